"""What a change of a webhook means to whoever delivers to it. Sent in the changing transaction."""

from django.dispatch import Signal

#: The webhook receives again. Argument: webhook.
activated = Signal()

#: The webhook stopped receiving, by hand or after failures. Argument: webhook.
deactivated = Signal()

#: The webhook is gone for good. Argument: webhook.
deleted = Signal()
