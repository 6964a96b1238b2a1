"""Pages that belong to nobody's webhooks."""
