"""
What is not kept for ever: payloads and answers first, the log of what was delivered later; old secrets.

Whatever is still owed to somebody is left alone, however old it is.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from deliveries.models import Attempt, Delivery, Event, EventQuerySet
from webhooks.models import Webhook

#: Events that one transaction purges: few enough for others not to notice.
BATCH = 500

#: How far apart this machine's clock and the one that deliveries are signed by may be.
CLOCKS_APART = timedelta(minutes=10)


def purge(*, now: datetime | None = None, batch: int = BATCH) -> tuple[int, int]:
    """
    Purge what is older than the settings allow, batch by batch.

    Secrets that were rolled go too, once they no longer sign. Returns how many events lost their
    payload, and how many were deleted with all that came of them.

    """
    now = now or timezone.now()
    Webhook.objects.forget_old_secrets(ended_before=now - CLOCKS_APART)
    payloads_until = now - timedelta(days=settings.PAYLOAD_RETENTION_DAYS)
    log_until = now - timedelta(days=settings.LOG_RETENTION_DAYS)
    return (
        _repeated(partial(_purge_payloads, until=payloads_until, batch=batch), batch),
        _repeated(partial(_delete_log, until=log_until, batch=batch), batch),
    )


def _repeated(step: Callable[[], int], batch: int) -> int:
    """Take *step* until it finds less than a whole batch; return how much it found altogether."""
    total = found = step()
    while found == batch:
        total += (found := step())
    return total


@transaction.atomic
def _purge_payloads(*, until: datetime, batch: int) -> int:
    events = _settled(Event.objects.unpurged(), until)[:batch]
    keys = list(events.select_for_update(skip_locked=True, of=("self",)).values_list("pk", flat=True))
    Attempt.objects.filter(delivery__event__in=keys).exclude(response="").update(response="")
    Delivery.objects.filter(event__in=keys).exclude(body="").update(body="")
    return Event.objects.filter(pk__in=keys).update(body="")


@transaction.atomic
def _delete_log(*, until: datetime, batch: int) -> int:
    events = _settled(Event.objects.purged(), until)[:batch]
    keys = list(events.select_for_update(skip_locked=True, of=("self",)).values_list("pk", flat=True))
    Attempt.objects.filter(delivery__event__in=keys).delete()
    Delivery.objects.filter(event__in=keys).delete()
    Event.objects.filter(pk__in=keys).delete()
    return len(keys)


def _settled(events: EventQuerySet, until: datetime) -> EventQuerySet:
    """Return those that happened before *until* and of which every delivery ended before it, oldest first."""
    unsettled = Q(finished_at=None) | Q(finished_at__gte=until)
    open_deliveries = Delivery.objects.filter(unsettled, event=OuterRef("pk"))
    return events.filter(~Exists(open_deliveries), created_at__lt=until).order_by("created_at")
