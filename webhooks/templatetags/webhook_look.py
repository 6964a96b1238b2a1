"""How a webhook's health is shown: never by colour alone."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from django import template

from webhooks.event_types import EventType
from webhooks.health import FAILURE, SUCCESS, WINDOW, Health
from webhooks.models import Webhook
from webhooks.verification import SNIPPETS, VECTOR, Snippet, Vector, snippet_called

register = template.Library()


class Pill(NamedTuple):
    tone: str
    icon: str
    words: str


HEALTH_PILLS = {
    Health.GREEN: Pill("good", "check", "Healthy"),
    Health.YELLOW: Pill("warn", "warn", "Some failures"),
    Health.RED: Pill("bad", "cross", "Failing"),
    Health.NONE: Pill("none", "dash", "No deliveries yet"),
}
INACTIVE = Pill("none", "pause", "Inactive")

#: Whoever delivers leaves a cause where no answer came that would speak for itself.
CAUSES = {
    "dns": "host name not found",
    "forbidden_address": "address not allowed",
    "connect": "failed to connect",
    "tls": "TLS failed",
    "timeout": "timed out",
    "disconnect": "connection closed early",
    "invalid_response": "answer is not HTTP",
    "template": "payload template does not fit",
    "internal": "not sent, our own fault",
}


@register.inclusion_tag("components/pill.html")
def health_pill(webhook: Webhook) -> dict[str, Any]:
    """Show the webhook's health; a webhook that somebody paused is neither well nor ill."""
    paused = not webhook.is_active and webhook.deactivated_at is None
    return (INACTIVE if paused else HEALTH_PILLS[webhook.health])._asdict()


@register.filter
def last_outcome(webhook: Webhook) -> str:
    """Say how the last attempt went: what was answered and how fast, or why nothing was."""
    if webhook.last_status_code is None:
        return CAUSES.get(webhook.last_cause, "failed")
    return f"{webhook.last_status_code} in {webhook.last_duration_ms:,} ms"


@register.inclusion_tag("components/strip.html")
def outcome_strip(webhook: Webhook) -> dict[str, Any]:
    """Show the last attempts as bars, oldest first."""
    succeeded, failed = webhook.outcomes.count(SUCCESS), webhook.outcomes.count(FAILURE)
    words = f"{succeeded} succeeded, {failed} failed" if webhook.outcomes else "no attempts yet"
    return {"words": f"Last {WINDOW} attempts: {words}", "bars": bars(webhook.outcomes)}


@register.simple_tag
def event_types() -> type[EventType]:
    """Return the types of event, for lists to choose from."""
    return EventType


@register.simple_tag
def snippets() -> Iterable[Snippet]:
    """Return the code that verifies our signatures, in each language."""
    return SNIPPETS


@register.simple_tag(takes_context=True)
def snippet_shown(context: dict[str, Any]) -> Snippet:
    """Return the code in the language that the page's address names."""
    return snippet_called(context["request"].GET.get("language", ""))


@register.simple_tag
def test_vector() -> Vector:
    """Return a request whose signatures are known."""
    return VECTOR


def bars(outcomes: str) -> list[str]:
    """Return one tone a bar: failures are bad in the row that is still going on, else a warning."""
    ongoing = len(outcomes) - len(outcomes.rstrip(FAILURE))
    healed = len(outcomes) - (ongoing if ongoing >= 3 else 0)
    tones = ["good" if each == SUCCESS else "warn" for each in outcomes[:healed]]
    return ["none"] * (WINDOW - len(outcomes)) + tones + ["bad"] * (len(outcomes) - healed)
