"""Who was told, in words: for the banners of webhooks and the list of alerts."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max

from deliveries.alerts.models import Alert, AlertMail
from portal.times import exact
from webhooks.models import Webhook

Kind = Alert.Kind
Status = AlertMail.Status


@dataclass(frozen=True, slots=True)
class Told:
    """What became of one alert's e-mails."""

    alert: Alert
    mails: tuple[AlertMail, ...]

    @property
    def is_pending(self) -> bool:
        """Whether an e-mail of it is still to be written or sent."""
        return self.alert.addressed_at is None or any(mail.status == Status.PENDING for mail in self.mails)

    @property
    def words(self) -> str:
        """One or two sentences: how many were told and when, and who could not be."""
        return words(self.alert, self.mails)


def words(alert: Alert, mails: Sequence[AlertMail]) -> str:
    """Say who was told of *alert*. Pure."""
    if alert.addressed_at is None:
        return "We are about to tell people by e-mail."
    if not mails:
        return "Nobody was told by e-mail."
    said = (_sent(mails), _waiting(mails), _failed(mails))
    return " ".join(filter(None, said)) or "No e-mail was sent, for more had happened before it could leave."


def _sent(mails: Sequence[AlertMail]) -> str:
    times = [mail.ended_at for mail in mails if mail.status == Status.SENT and mail.ended_at is not None]
    return f"{_counted(len(times), 'was', 'were')} told by e-mail on {exact(min(times))}." if times else ""


def _waiting(mails: Sequence[AlertMail]) -> str:
    count = sum(mail.status == Status.PENDING for mail in mails)
    return f"{_counted(count, 'is', 'are')} still to be told." if count else ""


def _failed(mails: Sequence[AlertMail]) -> str:
    names = [mail.address for mail in mails if mail.status == Status.FAILED]
    return f"We could not e-mail {', '.join(names)}." if names else ""


def _counted(count: int, one: str, many: str) -> str:
    return f"1 address {one}" if count == 1 else f"{count} addresses {many}"


def told(alerts: Iterable[Alert]) -> list[Told]:
    """Return what became of each of *alerts*, in one query."""
    found = list(alerts)
    mails: dict[int, list[AlertMail]] = {alert.pk: [] for alert in found}
    for mail in AlertMail.objects.filter(alert__in=mails).order_by("pk"):
        mails[mail.alert_id].append(mail)
    return [Told(alert, tuple(mails[alert.pk])) for alert in found]


def told_now(webhooks: Sequence[Webhook]) -> dict[int, Told]:
    """Return who was told of the trouble that each of *webhooks* is in now, if anybody was, by its id."""
    since = {each.pk: each.deactivated_at or each.failing_since for each in webhooks}
    alerts = Alert.objects.filter(webhook__in=[pk for pk, begun in since.items() if begun])
    newest = alerts.order_by("webhook").values("webhook").annotate(newest=Max("pk")).values("newest")
    found = told(Alert.objects.filter(pk__in=newest)) if any(since.values()) else []
    return {each.alert.webhook_id: each for each in found if _is_of(each.alert, since)}  # type: ignore[misc]


def _is_of(alert: Alert, since: Mapping[int, datetime | None]) -> bool:
    begun = since.get(alert.webhook_id or 0)
    return begun is not None and alert.created_at >= begun
