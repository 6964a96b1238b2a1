"""What the documentation states in numbers and names, from the code that makes it true. Pure."""

from dataclasses import dataclass
from typing import Any

from deliveries.engine import pace, shares
from deliveries.engine.render import USER_AGENT
from deliveries.events import MAX_VERIFICATION_ID_LENGTH
from deliveries.retry import PROMISED, RetryPolicy
from deliveries.sender.answer import MAX_HEAD, MAX_TEXT
from deliveries.sender.exchange import DEADLINE
from deliveries.sender.names import DNS_DEADLINE
from deliveries.signing import signature_headers
from webhooks import payload_templates
from webhooks.destinations.headers import MAX_HEADERS, MAX_NAME, MAX_TOTAL, MAX_VALUE
from webhooks.destinations.url import MAX_URL
from webhooks.health import WINDOW
from webhooks.payload_fields import FIELDS, MAX_BODY_BYTES
from webhooks.typed_secrets import LONGEST, SHORTEST

#: What stands for an endpoint where the partner has none yet.
EXAMPLE_URL = "https://api.yourcompany.com/webhooks/cr3dentials"

#: What the libraries for Standard Webhooks allow between webhook-timestamp and now.
TOLERANCE_MINUTES = 5

#: A public secret, for examples only.
EXAMPLE_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # noqa: S105 - Standard Webhooks publishes it
EXAMPLE_ID, EXAMPLE_TIMESTAMP = "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330

#: What each header of a request says, in the order of the page. The sender adds the last ones.
HEADERS = {
    "Content-Type": "The body is JSON, in UTF-8.",
    "User-Agent": "Names us. Anybody can write it, so do not trust it.",
    "x-webhook-signature": "HMAC-SHA256 of the body in lower-case hex; the key is the secret's text.",
    "webhook-id": "Identifies the delivery: the same on every attempt, so a repeated one is a duplicate.",
    "webhook-timestamp": "When this attempt was signed, in seconds since 1970 UTC.",
    "webhook-signature": "Standard Webhooks 1.0.0, of id, time and body; two while a secret is rolled.",
    "Host": "The host of your URL, with its port unless that is the usual one.",
    "Content-Length": "The body's length in bytes. The body is never sent in chunks.",
    "Accept-Encoding": "Asks for an answer that is not compressed.",
}


@dataclass(frozen=True, slots=True)
class Try:
    """One row of the table of retries, in seconds."""

    number: int
    wait: float
    #: The least time since the first attempt, without what the answers take.
    since_first: float


def tries(policy: RetryPolicy) -> list[Try]:
    """Return the attempts that are made of a delivery if all of them fail."""
    rows = [Try(1, 0, 0)]
    while (wait := policy.next_wait(rows[-1].number)) is not None:
        rows.append(Try(rows[-1].number + 1, wait, rows[-1].since_first + wait))
    return rows


def example_headers(body: str) -> dict[str, str]:
    """Return the headers that a request with *body* would have, signed with a public secret."""
    signatures = signature_headers(
        body.encode(), message_id=EXAMPLE_ID, timestamp=EXAMPLE_TIMESTAMP, secret=EXAMPLE_SECRET
    )
    return {"Content-Type": "application/json", "User-Agent": USER_AGENT, **signatures}


FACTS: dict[str, Any] = {
    "deadline": f"{DEADLINE:g}",
    "dns_deadline": f"{DNS_DEADLINE:g}",
    "waits": PROMISED.words,
    "retries": len(PROMISED.waits),
    "attempts": PROMISED.max_attempts,
    "tries": tries(PROMISED),
    "longest": f"{sum(PROMISED.waits) + PROMISED.max_attempts * DEADLINE:g}",
    "body_bytes": MAX_BODY_BYTES,
    "answer_bytes": MAX_TEXT,
    "answer_head_kilobytes": MAX_HEAD // 1024,
    "url_characters": MAX_URL,
    "headers": MAX_HEADERS,
    "header_name": MAX_NAME,
    "header_value": MAX_VALUE,
    "headers_bytes": MAX_TOTAL,
    "secret_shortest": SHORTEST,
    "secret_longest": LONGEST,
    "template_characters": payload_templates.MAX_LENGTH,
    "template_depth": payload_templates.MAX_DEPTH,
    "verification_id": MAX_VERIFICATION_ID_LENGTH,
    "health_window": WINDOW,
    "tolerance": TOLERANCE_MINUTES,
    "a_second": pace.RATE,
    "at_once": shares.QUICK_SHARE,
    "at_once_slow": shares.SLOW_SHARE,
    "slow_seconds": f"{shares.SLOW:g}",
    "fields": FIELDS,
    "user_agent": USER_AGENT,
}

__all__ = ["EXAMPLE_URL", "FACTS", "HEADERS", "Try", "example_headers", "tries"]
