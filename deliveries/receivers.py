"""Signals to records."""

from typing import Any

from deliveries import events, signals
from deliveries.events import Verification
from portal.models import Partner
from webhooks.event_types import EventType

EVENT_TYPES = {
    signals.verification_completed: EventType.COMPLETED,
    signals.verification_failed: EventType.FAILED,
    signals.verification_expired: EventType.EXPIRED,
    signals.manual_review_completed: EventType.MANUAL_REVIEW_COMPLETED,
}


def record_event(
    *,
    signal: Any,
    partner: Partner,
    verification: Verification,
    idempotency_key: str | None = None,
    **_: Any,
) -> events.Event:
    """Record what the backend tells us, in its own transaction."""
    return events.record(
        partner=partner,
        event_type=EVENT_TYPES[signal],
        verification=verification,
        idempotency_key=idempotency_key,
    )


for each in EVENT_TYPES:
    each.connect(record_event, dispatch_uid="deliveries.record_event")
