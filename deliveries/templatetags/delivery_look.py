"""How a delivery and its attempts are shown."""

import re
from math import ceil
from typing import Any, NamedTuple

from django import template
from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe

from deliveries.causes import REFUSALS, Explanation, explain
from deliveries.models import Attempt, Delivery
from deliveries.retry import PROMISED
from webhooks.health import SUCCESS
from webhooks.masking import MASK
from webhooks.models import Webhook

register = template.Library()

Status = Delivery.Status


class Pill(NamedTuple):
    tone: str
    icon: str
    words: str


NO_OWN_HEADERS = (
    "We sent our signature and no header of your own. If your endpoint expects one, add it in the settings."
)

PILLS = {
    Status.SUCCEEDED: Pill("good", "check", "Delivered"),
    Status.FAILED: Pill("bad", "cross", "Failed"),
    Status.HELD: Pill("none", "pause", "Held"),
    Status.CANCELED: Pill("none", "dash", "Canceled"),
}
RETRYING = Pill("warn", "warn", "Retrying")
SENDING = Pill("accent", "clock", "Sending")
PENDING = Pill("accent", "clock", "Pending")


def pill(delivery: Delivery) -> Pill:
    """Return where the delivery stands."""
    if delivery.status != Status.PENDING:
        return PILLS[Status(delivery.status)]
    if delivery.attempt_count > delivery.round_start:
        return RETRYING
    return SENDING if delivery.lease else PENDING


@register.inclusion_tag("components/pill.html")
def delivery_pill(delivery: Delivery) -> dict[str, Any]:
    """Show where the delivery stands."""
    return pill(delivery)._asdict()


@register.filter
def attempts(delivery: Delivery) -> str:
    """Say how many attempts were made and, while there are more to come, of how many."""
    made = delivery.attempt_count
    if delivery.status == Status.PENDING:
        return f"{made} of {most_attempts(delivery)}"
    return f"{made} attempt{'' if made == 1 else 's'}"


def most_attempts(delivery: Delivery) -> int:
    """Return how many attempts are made if all of them fail."""
    return 1 if delivery.is_test else delivery.round_start + PROMISED.max_attempts


@register.filter
def answer(tried: Delivery | Webhook) -> str:
    """Say what the last attempt came to: a status code, or why there is none."""
    if tried.last_status_code is not None:
        return str(tried.last_status_code)
    return explain(tried.last_cause).title if tried.last_cause else "none"


@register.filter
def answered(webhook: Webhook) -> int:
    """Count the successes among the last attempts."""
    return webhook.outcomes.count(SUCCESS)


@register.filter
def ms(duration: int) -> str:
    """Show milliseconds."""
    return f"{intcomma(duration)} ms"


@register.filter
def explained(attempt: Attempt) -> Explanation:
    """Say what a failed attempt means and what to do about it."""
    return explain(attempt.cause, attempt.status_code, attempt.detail)


@register.filter
def anchor(delivery: Delivery) -> str:
    """Return the section of the documentation on how the last attempt failed; nothing if it did not."""
    return explain(delivery.last_cause, delivery.last_status_code).anchor if delivery.last_cause else ""


@register.filter
def credentials(attempt: Attempt) -> str:
    """Say by which headers an endpoint that refused us could have known us; nothing for other answers."""
    if attempt.status_code not in REFUSALS:
        return ""
    own = ", ".join(sorted(name for name, value in attempt.request_headers.items() if value == MASK))
    return f"We sent our signature and, of your own headers, {own}." if own else NO_OWN_HEADERS


@register.filter
def outcome(attempt: Attempt) -> str:
    """Say in a few words what came of an attempt."""
    return f"Answered {attempt.status_code}" if attempt.succeeded else explained(attempt).title


@register.filter
def wait(delivery: Delivery) -> str:
    """Say when the next attempt of a pending delivery starts."""
    if delivery.lease or delivery.next_attempt_at is None:
        return "now"
    seconds = ceil((delivery.next_attempt_at - timezone.now()).total_seconds())
    return f"in {seconds} s" if seconds > 0 else "now"


@register.filter
def breakable(name: str) -> SafeString:
    """Let a long event type break after its words."""
    return format_html_join(mark_safe("<wbr>"), "{}", ((part,) for part in re.split(r"(?<=[._])", name)))


@register.simple_tag
def retry_waits() -> str:
    """Say how long we wait between attempts."""
    return PROMISED.words


@register.filter
def size(text: str) -> int:
    """Return the length of *text* in bytes."""
    return len(text.encode())
