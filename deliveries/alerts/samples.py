"""A sample of an alert, for whoever wants to see that alerts arrive."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from deliveries.alerts.models import Alert
from portal.models import Partner

#: The least time from one sample to the next of the same partner: the addresses may be anybody's.
SPACING = timedelta(minutes=5)


@transaction.atomic
def send(partner: Partner) -> bool:
    """Have a sample sent to everybody who is told, and say whether it is time for one."""
    # The row is what two who ask at once queue for.
    Partner.objects.select_for_update(no_key=True).get(pk=partner.pk)
    recent = Alert.objects.filter(partner=partner, kind=Alert.Kind.SAMPLE).order_by("-pk")[:1]
    if any(timezone.now() - sample.created_at < SPACING for sample in recent):
        return False
    Alert.objects.create(partner=partner, kind=Alert.Kind.SAMPLE)
    return True
