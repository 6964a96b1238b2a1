"""What happened: the backend's words for it, the payload, and its record in the database."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from deliveries import wake
from deliveries.models import Delivery, Event
from deliveries.serialization import dumps
from portal.models import Partner
from webhooks.event_types import EventType
from webhooks.models import Webhook

#: `data.status` where the backend gives none.
DEFAULT_STATUS = {
    EventType.COMPLETED: "VERIFIED",
    EventType.FAILED: "FAILED",
    EventType.EXPIRED: "EXPIRED",
}

#: Express refuses a body over 102,400 bytes; we stop a little earlier.
MAX_BODY_BYTES = 100_000


@dataclass(frozen=True, kw_only=True)
class Verification:
    """One verification as the backend knows it. Mappings must be what JSON can carry."""

    verification_id: str
    session_id: str | int
    step_id: str | int | None = None
    status: str | None = None
    proof_data: Mapping[str, Any] = field(default_factory=dict)
    formatted_data: Mapping[str, Any] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)


def payload(event_type: EventType, verification: Verification) -> dict[str, Any]:
    """
    Return what partners receive, in the documented key order.

    Raises:
        ValueError: a manual review without a status says nothing.

    """
    status = verification.status or DEFAULT_STATUS.get(event_type)
    if status is None:
        raise ValueError(f"$.data.status: {event_type} needs the status that the reviewer gave.")
    return {
        "type": str(event_type),
        "status": _overall_status(event_type, status),
        "data": {
            "verificationId": verification.verification_id,
            "sessionId": verification.session_id,
            "stepId": verification.step_id,
            "status": status,
            "proofData": verification.proof_data,
            "formattedData": verification.formatted_data,
            "metadata": verification.metadata,
        },
    }


def _overall_status(event_type: EventType, status: str) -> str:
    if event_type is EventType.MANUAL_REVIEW_COMPLETED:
        return "success" if status == "VERIFIED" else "failed"
    return "success" if event_type is EventType.COMPLETED else "failed"


def body_of(event_type: EventType, verification: Verification) -> str:
    """
    Return the payload's text.

    Raises:
        ValueError: JSON cannot carry it faithfully, or it is too large; the message names the path.

    """
    body = dumps(payload(event_type, verification))
    if len(body) > MAX_BODY_BYTES:
        raise ValueError(f"$: the payload has {len(body):,} bytes; {MAX_BODY_BYTES:,} are allowed.")
    return body.decode()


@transaction.atomic
def record(
    *,
    partner: Partner,
    event_type: EventType,
    verification: Verification,
    idempotency_key: str | None = None,
) -> Event:
    """
    Write the event and one delivery a subscribed webhook, and wake the engine on commit.

    A repeated *idempotency_key* records nothing and returns the first event.

    Raises:
        ValueError: the verification cannot be sent; nothing was recorded.

    """
    event = Event(
        partner=partner,
        type=event_type,
        verification_id=verification.verification_id,
        body=body_of(event_type, verification),
        idempotency_key=idempotency_key,
    )
    if not _save_once(event):
        return Event.objects.get(partner=partner, idempotency_key=idempotency_key)
    owe(event, _subscribed(partner, event_type))
    return event


def owe(event: Event, webhooks: list[Webhook]) -> list[Delivery]:
    """Write one delivery of *event* a webhook: held where the webhook is inactive."""
    deliveries = Delivery.objects.bulk_create([_delivery(event, webhook) for webhook in webhooks])
    if any(delivery.status == Delivery.Status.PENDING for delivery in deliveries):
        # A lost wake costs latency only, so it must never fail the backend's own transaction.
        transaction.on_commit(wake.send, robust=True)
    return deliveries


def _save_once(event: Event) -> bool:
    """Insert the event; False if its idempotency key has been seen."""
    if event.idempotency_key is None:
        event.save(force_insert=True)
        return True
    try:
        with transaction.atomic():
            event.save(force_insert=True)
    except IntegrityError:
        return False
    return True


def _subscribed(partner: Partner, event_type: EventType) -> list[Webhook]:
    live = Webhook.objects.live().filter(partner=partner).only("is_active", "event_types")
    return [webhook for webhook in live if webhook.subscribes_to(event_type)]


def _delivery(event: Event, webhook: Webhook) -> Delivery:
    # Tests are asked for by a person, who wants to see them while the webhook is inactive too.
    owed_now = webhook.is_active or event.is_test
    return Delivery(
        event=event,
        webhook=webhook,
        is_test=event.is_test,
        status=Delivery.Status.PENDING if owed_now else Delivery.Status.HELD,
        next_attempt_at=timezone.now() if owed_now else None,
    )

