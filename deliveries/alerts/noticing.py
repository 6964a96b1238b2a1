"""
Write down that people are to be told, in the transaction that changes the webhook.

Whoever calls holds the lock of each webhook's row, on which it also stands whether people were told: so
of any number of workers and failing deliveries, one writes one alert. No address is looked up and
nothing is sent here; deliveries.alerts.mailing does that later.
"""

from collections.abc import Iterable
from datetime import datetime

from deliveries.alerts.models import Alert
from deliveries.alerts.rule import is_to_be_told
from deliveries.engine.bulk import update_rows
from webhooks.models import Webhook

Kind = Alert.Kind

#: What :func:`notice_trouble` reads of a webhook beside what recording keeps on it.
FIELDS = ("trouble_told_at",)


def notice_trouble(webhooks: Iterable[Webhook], *, now: datetime) -> None:
    """Write an alert for each of the locked *webhooks* that has begun to fail; no query if none has."""
    troubled = [webhook for webhook in webhooks if webhook.is_active and _is_to_be_told(webhook, now)]
    if troubled:
        update_rows(Webhook, ("trouble_told_at",), [(webhook.pk, now) for webhook in troubled])
        Alert.objects.bulk_create([_alert(webhook, Kind.TROUBLE, now) for webhook in troubled])


def notice_deactivation(webhook: Webhook) -> None:
    """Write an alert if it was failures that made the locked *webhook* inactive."""
    if webhook.deactivated_at is not None:
        _alert(webhook, Kind.DEACTIVATED, webhook.deactivated_at).save()


def _is_to_be_told(webhook: Webhook, now: datetime) -> bool:
    return is_to_be_told(
        webhook.outcomes, failing_since=webhook.failing_since, told_at=webhook.trouble_told_at, now=now
    )


def _alert(webhook: Webhook, kind: Kind, now: datetime) -> Alert:
    return Alert(
        partner_id=webhook.partner_id,
        webhook_id=webhook.pk,
        kind=kind,
        status_code=webhook.last_failed_code,
        cause=webhook.last_failed_cause,
        created_at=now,
    )
