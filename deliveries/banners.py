"""The sentence that helps, on top of a webhook's page. Pure."""

from dataclasses import dataclass, replace
from datetime import datetime

from deliveries.causes import Cause, explain
from deliveries.retry import PROMISED
from portal.times import exact
from webhooks.health import FAILURE, Health
from webhooks.models import Webhook

#: Counting stops here; nobody needs it more exactly to decide.
MOST_HELD = 1000

RETRIES = (
    f"We retry each delivery after {PROMISED.words}; when the last retry fails, the webhook is deactivated."
)


@dataclass(frozen=True, slots=True)
class Banner:
    """What is wrong, and what to do, in a line or two."""

    tone: str
    icon: str
    title: str
    text: str
    #: The section of the documentation that says more, if one does.
    anchor: str = ""


def banner(webhook: Webhook, *, held: int, told: str = "") -> Banner | None:
    """
    Return what the partner should know of *webhook* first; None while nothing is wrong.

    *held* is how much waits for it; *told* says who was told of its trouble.
    """
    found = _banner(webhook, held=held)
    return found and replace(found, text=f"{found.text} {told}".rstrip())


def _banner(webhook: Webhook, *, held: int) -> Banner | None:
    if webhook.deactivated_at is not None:
        title = f"Deactivated on {exact(webhook.deactivated_at)}, because a delivery failed for good."
        return Banner("bad", "cross", title, _reactivate(webhook, held), _anchor(webhook))
    if not webhook.is_active:
        return Banner("none", "pause", "This webhook is inactive.", f"{_held(held)} Activate it to receive.")
    if webhook.last_cause:
        return _failing(webhook)
    if FAILURE in webhook.outcomes and webhook.last_failed_at is not None:
        return _recovered(webhook, webhook.last_failed_at)
    return None


def _reactivate(webhook: Webhook, held: int) -> str:
    fix = "Correct the payload template" if webhook.last_cause == Cause.TEMPLATE else "Fix the endpoint"
    return f"{webhook.deactivation_reason} {_held(held)} {fix}, test the webhook, then activate it."


def _anchor(webhook: Webhook) -> str:
    return explain(webhook.last_cause, webhook.last_status_code).anchor if webhook.last_cause else ""


def _held(count: int) -> str:
    if not count:
        return "New results are held until it is active again."
    verb = "is" if count == 1 else "are"
    return f"{count_words(count)} {verb} held: yours to send or discard when you activate it."


def count_words(count: int) -> str:
    """Say how many notifications are held, as far as they were counted."""
    number = f"More than {MOST_HELD:,}" if count > MOST_HELD else f"{count:,}"
    return f"{number} notification{'' if count == 1 else 's'}"


def _failing(webhook: Webhook) -> Banner:
    explanation = explain(webhook.last_cause, webhook.last_status_code)
    failed = webhook.outcomes.count(FAILURE)
    share = f"{failed} of the last {len(webhook.outcomes)} attempts failed, the latest too."
    tone, icon = ("bad", "cross") if webhook.health == Health.RED else ("warn", "warn")
    return Banner(
        tone, icon, f"{explanation.title}.", f"{share} {explanation.fix} {RETRIES}", explanation.anchor
    )


def _recovered(webhook: Webhook, failed_at: datetime) -> Banner:
    explanation = explain(webhook.last_failed_cause, webhook.last_failed_code)
    failed = webhook.outcomes.count(FAILURE)
    share = f"{failed} of the last {len(webhook.outcomes)} attempts failed, the latest on {exact(failed_at)};"
    text = f"{share} later ones succeeded. {explanation.fix}"
    return Banner("warn", "warn", f"{explanation.title}.", text, explanation.anchor)
