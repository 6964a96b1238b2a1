"""How alerts are shown, and who was told of a webhook that is inactive."""

from collections.abc import Sequence
from typing import Any

from django import template

from deliveries.alerts.models import Alert, AlertMail
from deliveries.alerts.told import told_now
from deliveries.banners import count_words
from deliveries.templatetags.delivery_look import Pill
from webhooks.models import Webhook

register = template.Library()

Status = AlertMail.Status

PILLS = {
    Status.PENDING: Pill("accent", "clock", "Waiting"),
    Status.SENT: Pill("good", "check", "E-mailed"),
    Status.FAILED: Pill("bad", "cross", "Not e-mailed"),
    Status.WITHDRAWN: Pill("none", "dash", "Not needed"),
}
NAMES = {
    Alert.Kind.TROUBLE: "began to fail",
    Alert.Kind.DEACTIVATED: "was deactivated",
    Alert.Kind.SAMPLE: "Sample",
}

register.filter("held_words", count_words)


@register.inclusion_tag("components/pill.html")
def mail_pill(mail: AlertMail) -> dict[str, Any]:
    """Show whether an e-mail has left."""
    return PILLS[Status(mail.status)]._asdict()


@register.filter
def what_happened(alert: Alert) -> str:
    """Say what an alert tells."""
    return NAMES[Alert.Kind(alert.kind)]


@register.inclusion_tag("webhooks/_deactivated.html")
def deactivated_banners(webhooks: Sequence[Webhook]) -> dict[str, Any]:
    """Call out webhooks that failures made inactive, each with who was told; one query for all."""
    told = told_now(webhooks)
    words = [(webhook, told[webhook.pk].words if webhook.pk in told else "") for webhook in webhooks]
    return {"deactivated": words}
