"""The verification backend, as an experiment needs it."""

from django.db import DatabaseError, connection

from deliveries import events
from deliveries.events import Verification
from tests.waiting import eventually
from webhooks.event_types import EventType
from webhooks.models import Webhook


def emit(webhook: Webhook, count: int = 1, *, text: str = "", idempotency_key: str | None = None) -> None:
    """Record *count* events; *text* is in their bodies."""
    for number in range(count):
        events.record(
            partner=webhook.partner,
            event_type=EventType.COMPLETED,
            verification=Verification(f"ver_{number}", session_id=number, metadata={"text": text}),
            idempotency_key=idempotency_key,
        )


def emit_until_accepted(webhook: Webhook, idempotency_key: str) -> None:
    """Record one event, again and again until the database takes it: what a careful backend does."""
    eventually(lambda: _accepted(webhook, idempotency_key), within=60)


def _accepted(webhook: Webhook, idempotency_key: str) -> bool:
    try:
        emit(webhook, idempotency_key=idempotency_key)
    except DatabaseError:
        connection.close()
        return False
    return True
