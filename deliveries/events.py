"""What happened: the backend's words for it, the payload, and its record in the database."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from deliveries import wake
from deliveries.models import Delivery, Event
from deliveries.samples import sample
from deliveries.serialization import dumps
from portal.ids import new_id
from portal.models import Partner
from webhooks.event_types import EventType
from webhooks.models import Webhook
from webhooks.payload_fields import MAX_BODY_BYTES

#: `data.status` where the backend gives none.
DEFAULT_STATUS = {
    EventType.COMPLETED: "VERIFIED",
    EventType.FAILED: "FAILED",
    EventType.EXPIRED: "EXPIRED",
}

#: As many characters as `Event.verification_id` holds.
MAX_VERIFICATION_ID_LENGTH = 200

_KINDS: dict[str, tuple[Any, str]] = {
    "verificationId": (str, "a string"),
    "sessionId": (str | int, "a string or an integer"),
    "stepId": (str | int | None, "a string, an integer or None"),
    "status": (str, "a string"),
    "proofData": (Mapping, "a mapping"),
    "formattedData": (Mapping, "a mapping"),
    "metadata": (Mapping, "a mapping"),
}


@dataclass(frozen=True)
class Verification:
    """
    One verification as the backend knows it, read once, when its event is recorded.

    Mappings must be what JSON can carry; :func:`body_of` says what is not.
    """

    verification_id: str
    session_id: str | int
    step_id: str | int | None = None
    status: str | None = None
    proof_data: Mapping[str, Any] = field(default_factory=dict, repr=False)
    formatted_data: Mapping[str, Any] = field(default_factory=dict, repr=False)
    metadata: Mapping[str, Any] = field(default_factory=dict, repr=False)


def payload(event_type: EventType, verification: Verification) -> dict[str, Any]:
    """
    Return what partners receive, in the documented key order.

    Raises:
        ValueError: a field is of the wrong type, the verification id is not an id, or a manual review
            has no status; the message names the path.

    """
    status = _detailed_status(event_type, verification)
    data = {
        "verificationId": verification.verification_id,
        "sessionId": verification.session_id,
        "stepId": verification.step_id,
        "status": status,
        "proofData": verification.proof_data,
        "formattedData": verification.formatted_data,
        "metadata": verification.metadata,
    }
    _check(data)
    return {"type": str(event_type), "status": _overall_status(event_type, status), "data": data}


def _detailed_status(event_type: EventType, verification: Verification) -> str:
    if verification.status:
        return verification.status
    if event_type in DEFAULT_STATUS:
        return DEFAULT_STATUS[event_type]
    raise ValueError(f"$.data.status: {event_type} has no default; give the status that the reviewer gave.")


def _overall_status(event_type: EventType, status: str) -> str:
    if event_type == EventType.MANUAL_REVIEW_COMPLETED:
        return "success" if status == "VERIFIED" else "failed"
    return "success" if event_type == EventType.COMPLETED else "failed"


def _check(data: Mapping[str, Any]) -> None:
    for name, (kind, words) in _KINDS.items():
        if not isinstance(data[name], kind):
            given = type(data[name]).__name__
            raise ValueError(f"$.data.{name}: give {words}, not a value of type {given}.")  # noqa: TRY004 - as promised
    verification_id = data["verificationId"]
    if not verification_id.isprintable() or not 1 <= len(verification_id) <= MAX_VERIFICATION_ID_LENGTH:
        raise ValueError(
            f"$.data.verificationId: give 1 to {MAX_VERIFICATION_ID_LENGTH} printable characters; "
            "the portal stores and searches by it."
        )


def body_of(event_type: EventType, verification: Verification) -> str:
    """
    Return the payload's text.

    Raises:
        ValueError: a field is not what it should be, JSON cannot carry it faithfully, or it is too
            large; the message names the path.

    """
    body = dumps(payload(event_type, verification))
    if len(body) > MAX_BODY_BYTES:
        raise ValueError(
            f"$: the payload has {len(body):,} bytes and {MAX_BODY_BYTES:,} are allowed; "
            "shorten proof_data, formatted_data or metadata."
        )
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
        partner_id=event.partner_id,
        is_test=event.is_test,
        status=Delivery.Status.PENDING if owed_now else Delivery.Status.HELD,
        # The database's time, as everything that is due: a backend an hour ahead must not delay it.
        next_attempt_at=Now() if owed_now else None,
    )


def sample_body(event_type: EventType, *, verification_id: str = "ver_abc123") -> str:
    """Return the body of a sample verification."""
    return body_of(event_type, Verification(**sample(event_type, verification_id=verification_id)))


@transaction.atomic
def record_test(*, webhook: Webhook, event_type: EventType = EventType.COMPLETED) -> Delivery:
    """Owe a sample verification to *webhook*, active or not: one attempt that counts for nothing."""
    verification_id = new_id("test")
    event = Event.objects.create(
        partner_id=webhook.partner_id,
        type=event_type,
        verification_id=verification_id,
        body=sample_body(event_type, verification_id=verification_id),
        is_test=True,
    )
    [delivery] = owe(event, [webhook])
    return delivery
