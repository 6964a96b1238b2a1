"""Whom an alert is for: the addresses that its partner chose, else its owners and developers."""

from datetime import datetime

from django.db import transaction

from deliveries.alerts.models import Alert, AlertMail, AlertSettings
from portal.models import Membership, Partner

EDITORS = (Membership.Role.OWNER, Membership.Role.DEVELOPER)

#: Alerts that one transaction addresses.
BATCH = 50


def settings_of(partner: Partner) -> AlertSettings:
    """Return what the partner chose, or the defaults, which need not be stored."""
    return AlertSettings.objects.filter(partner=partner).first() or AlertSettings(partner=partner)


def recipients(chosen: AlertSettings) -> list[str]:
    """Return the addresses that are told, none twice."""
    return list(chosen.addresses) or members(chosen.partner_id)


def members(partner_id: int) -> list[str]:
    """Return the addresses of the partner's owners and developers who can log in."""
    editors = Membership.objects.filter(partner=partner_id, role__in=EDITORS, user__is_active=True)
    return list(editors.order_by("pk").values_list("user__email", flat=True))


def address_new(*, now: datetime) -> int:
    """Write the e-mails of every alert that has none yet, and say how many alerts that were."""
    total = found = _address_batch(now)
    while found == BATCH:
        total += (found := _address_batch(now))
    return total


@transaction.atomic
def _address_batch(now: datetime) -> int:
    new = Alert.objects.filter(addressed_at=None).order_by("pk").select_related("partner")[:BATCH]
    alerts = list(new.select_for_update(skip_locked=True, of=("self",), no_key=True))
    mails = [
        AlertMail(alert=alert, address=address, next_attempt_at=now)
        for alert in alerts
        for address in _told(alert)
    ]
    AlertMail.objects.bulk_create(mails)
    Alert.objects.filter(pk__in=[alert.pk for alert in alerts]).update(addressed_at=now)
    return len(alerts)


def _told(alert: Alert) -> list[str]:
    chosen = settings_of(alert.partner)
    is_unwanted = alert.kind == Alert.Kind.TROUBLE and not chosen.tells_trouble
    return [] if is_unwanted else recipients(chosen)
