"""What happened: the backend's words for it, the payload, and its record in the database."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from deliveries import emission
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
    if emission.write(event):
        return event
    return Event.objects.get(partner=partner, idempotency_key=idempotency_key)


def sample_body(event_type: EventType, *, verification_id: str = "ver_abc123") -> str:
    """Return the body of a sample verification."""
    return body_of(event_type, Verification(**sample(event_type, verification_id=verification_id)))


def record_test(*, webhook: Webhook, event_type: EventType = EventType.COMPLETED) -> Delivery:
    """Owe a sample verification to *webhook*, active or not: one attempt that counts for nothing."""
    verification_id = new_id("test")
    event = Event(
        partner_id=webhook.partner_id,
        type=event_type,
        verification_id=verification_id,
        body=sample_body(event_type, verification_id=verification_id),
        is_test=True,
    )
    emission.write(event, only=webhook)
    return event.deliveries.get()
