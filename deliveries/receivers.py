"""What others tell the engine: results from the backend, changes from the partner."""

from typing import Any

from django.db import transaction
from django.dispatch import receiver

from deliveries import events, signals, wake
from deliveries.alerts import noticing
from deliveries.engine import holding
from deliveries.events import Verification
from portal.models import Partner
from webhooks import signals as webhook_signals
from webhooks.event_types import EventType
from webhooks.models import Webhook

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


@receiver(webhook_signals.deactivated)
def hold_owed(*, webhook: Webhook, **_: Any) -> None:
    """Keep what the webhook is owed until it is active again."""
    holding.hold(webhook)


@receiver(webhook_signals.deactivated)
def tell_people(*, webhook: Webhook, **_: Any) -> None:
    """Tell people if failures did it."""
    noticing.notice_deactivation(webhook)


@receiver(webhook_signals.activated)
def release_held(*, webhook: Webhook, **_: Any) -> None:
    """Send what was held, soon after the commit."""
    if holding.release(webhook):
        transaction.on_commit(wake.send, robust=True)


@receiver(webhook_signals.deleted)
def cancel_owed(*, webhook: Webhook, **_: Any) -> None:
    """Give up what nobody is left to receive."""
    holding.cancel(webhook)
