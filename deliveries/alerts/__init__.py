"""Telling people by e-mail that a webhook is in trouble: when, whom, and how it reaches them."""
