"""
What an alert says, once for the text and the HTML of its e-mail.

It names the webhook, the latest failure and its cause, and never what the endpoint answered: an answer
may echo a person's data, and an inbox is out of our hands. The answer is one link away, behind the
login. The query of the webhook's URL is masked, for some partners keep a token there.
"""

from dataclasses import dataclass

from deliveries.alerts import addressing
from deliveries.alerts.models import Alert
from deliveries.alerts.rule import QUIET
from deliveries.banners import RETRIES, count_words
from deliveries.causes import Explanation, explain
from deliveries.models import Delivery
from deliveries.reactivating import Held, held_for
from portal.links import absolute
from portal.times import exact
from webhooks.masking import without_query
from webhooks.models import Webhook

Kind = Alert.Kind

HELD = (
    "Nothing is lost: new results are held for you. When the cause is mended, test the webhook and activate "
    "it; you then choose whether what was held is sent or discarded."
)
QUIET_WORDS = (
    f"We do not write about this webhook's failures again for {QUIET.days * 24} hours, unless it is "
    "deactivated."
)
SAMPLE = (
    "We write to this address when a webhook begins to fail, unless that is turned off, and whenever one is "
    "deactivated; never for each delivery."
)


@dataclass(frozen=True, slots=True)
class Link:
    words: str
    address: str


@dataclass(frozen=True, slots=True)
class Letter:
    """An e-mail's words. `facts` are names and values; `links` the first of which matters most."""

    tone: str
    subject: str
    first: str
    facts: tuple[tuple[str, str], ...]
    paragraphs: tuple[str, ...]
    links: tuple[Link, ...]
    why: str
    manage: Link


def letter_of(alert: Alert) -> Letter:
    """Write what *alert* says as things stand now."""
    why = _why(alert)
    if alert.webhook is None:
        return _sample(alert, why)
    failed = _latest_failed(alert.webhook)
    if alert.kind == Kind.TROUBLE:
        return _trouble(alert, alert.webhook, failed, why)
    return _deactivated(alert, alert.webhook, failed, why, held_for(alert.webhook))


def _trouble(alert: Alert, webhook: Webhook, failed: Delivery | None, why: str) -> Letter:
    explanation = _explained(alert)
    recovered = ("The latest attempt succeeded: it may have recovered.",) if not webhook.failing_since else ()
    return Letter(
        tone="warn",
        subject=f"{webhook.host} is failing",
        first="The latest attempts to deliver verification results to this webhook all failed.",
        facts=(*_facts(webhook, explanation), *_since(webhook)),
        paragraphs=(*recovered, explanation.fix, RETRIES, QUIET_WORDS),
        links=(Link("See the webhook", absolute("deliveries:webhook", webhook.public_id)), *_proof(failed)),
        why=why,
        manage=_manage(),
    )


def _deactivated(alert: Alert, webhook: Webhook, failed: Delivery | None, why: str, held: Held) -> Letter:
    explanation = _explained(alert)
    again = ("It has been activated again since.",) if webhook.is_active else ()
    waiting = count_words(held.count) if held.count else "nothing yet"
    held_fact = () if webhook.is_active else (("Held so far", waiting),)
    return Letter(
        tone="bad",
        subject=f"{webhook.host} was deactivated",
        first="We made this webhook inactive because a delivery to it failed for good.",
        facts=(*_facts(webhook, explanation), ("Deactivated", exact(alert.created_at)), *held_fact),
        paragraphs=(*again, explanation.fix, HELD),
        links=(
            Link("Test and activate it", absolute("deliveries:activate", webhook.public_id)),
            *_proof(failed),
        ),
        why=why,
        manage=_manage(),
    )


def _sample(alert: Alert, why: str) -> Letter:
    return Letter(
        tone="none",
        subject=f"Sample of an alert for {alert.partner.name}",
        first="Alerts arrive here. This is a sample that somebody asked for, and nothing is wrong.",
        facts=(("Partner", alert.partner.name), ("Asked for", exact(alert.created_at))),
        paragraphs=(SAMPLE,),
        links=(Link("See your webhooks", absolute("webhooks:list")),),
        why=why,
        manage=_manage(),
    )


def _facts(webhook: Webhook, explanation: Explanation) -> tuple[tuple[str, str], ...]:
    return ("Webhook", without_query(webhook.url)), ("Latest failure", explanation.title)


def _since(webhook: Webhook) -> tuple[tuple[str, str], ...]:
    return (("Failing since", exact(webhook.failing_since)),) if webhook.failing_since else ()


def _explained(alert: Alert) -> Explanation:
    if not alert.cause:
        return Explanation("A delivery failed", "The log tells what was sent and what came back.")
    return explain(alert.cause, alert.status_code)


def _latest_failed(webhook: Webhook) -> Delivery | None:
    """Return the newest delivery of results whose last attempt failed; the tests stay out of it."""
    in_trouble = (
        Delivery.objects.filter(webhook=webhook).exclude(last_cause="").order_by("-created_at", "-pk")
    )
    newest = in_trouble.only("public_id", "is_test")[:20]
    return next((delivery for delivery in newest if not delivery.is_test), None)


def _proof(failed: Delivery | None) -> tuple[Link, ...]:
    if failed is None:
        return ()
    return (Link("See the latest failure and its answer", absolute("deliveries:delivery", failed.public_id)),)


def _why(alert: Alert) -> str:
    name = alert.partner.name
    if addressing.settings_of(alert.partner).addresses:
        return f"You get this because {name} chose this address for alerts about its webhooks."
    return f"You get this because you are an owner or developer of {name} in the Partner Portal."


def _manage() -> Link:
    return Link("Owners and developers can change who is told", absolute("deliveries:alerts"))
