"""Whom an alert is for: the addresses that its partner chose, else its owners and developers."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
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


def members(partners: Collection[int]) -> Mapping[int, list[str]]:
    """Return, by partner, the addresses of the owners and developers who can log in."""
    editors = Membership.objects.filter(partner__in=partners, role__in=EDITORS, user__is_active=True)
    found = defaultdict(list)
    for partner, address in editors.order_by("pk").values_list("partner_id", "user__email"):
        found[partner].append(address)
    return found


def address_new(*, now: datetime) -> int:
    """Write the e-mails of every alert that has none yet, and say how many alerts that were."""
    total = found = _address_batch(now)
    while found == BATCH:
        total += (found := _address_batch(now))
    return total


@transaction.atomic
def _address_batch(now: datetime) -> int:
    new = Alert.objects.filter(addressed_at=None).order_by("pk")[:BATCH]
    alerts = list(new.select_for_update(skip_locked=True, no_key=True))
    mails = [AlertMail(alert=alert, address=address, next_attempt_at=now) for alert, address in _told(alerts)]
    AlertMail.objects.bulk_create(mails)
    Alert.objects.filter(pk__in=[alert.pk for alert in alerts]).update(addressed_at=now)
    return len(alerts)


def _told(alerts: Sequence[Alert]) -> Iterator[tuple[Alert, str]]:
    """Go through all who are told of them, none twice of one; two queries, however many fail together."""
    partners = {alert.partner_id for alert in alerts}
    stored, editors = AlertSettings.objects.in_bulk(partners), members(partners)
    for alert in alerts:
        chosen = stored.get(alert.partner_id) or AlertSettings()
        if alert.kind != Alert.Kind.TROUBLE or chosen.tells_trouble:
            for address in chosen.addresses or editors[alert.partner_id]:
                yield alert, address
