"""A delivery to the request that is sent."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from deliveries.engine import bodies
from deliveries.engine.claim import Leased
from deliveries.signing import signature_headers
from webhooks.masking import MASK

USER_AGENT = "Cr3dentials-Webhooks/1.0"


@dataclass(frozen=True, slots=True)
class Request:
    """What is POSTed; and what the log keeps of it, with the partner's own values masked."""

    url: str = field(repr=False)
    headers: dict[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    logged_headers: dict[str, str]


def render(delivery: Leased, *, timestamp: int) -> Request:
    """
    Return the request of *delivery*, signed at *timestamp* (seconds since 1970).

    Needs no database: a claim brings its event, webhook and headers along.

    Raises:
        TemplateError: the webhook's payload template does not fit the event.

    """
    webhook, body = delivery.webhook, bodies.read(delivery).encode()
    ours = {"Content-Type": "application/json", "User-Agent": USER_AGENT}
    theirs = webhook.own_headers
    secrets = webhook.signing_secrets
    signatures = signature_headers(
        body,
        message_id=delivery.public_id,
        timestamp=timestamp,
        secret=secrets.current,
        previous_secret=secrets.old_at(datetime.fromtimestamp(timestamp, UTC)),
    )
    return Request(
        url=webhook.url,
        headers={**theirs, **ours, **signatures},
        body=body,
        logged_headers={**ours, **dict.fromkeys(theirs, MASK), **signatures},
    )
