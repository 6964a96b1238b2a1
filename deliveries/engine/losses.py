"""
Deliveries whose lease ran out: the worker that was sending them died, or lost its database.

One of them may be what killed it, and would kill the next worker too, for ever, and take whatever
is sent beside it along. Nobody can tell which one from outside; their number of deaths does.
"""

import random
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db.models import F

from deliveries.causes import Cause
from deliveries.models import Attempt, Delivery
from webhooks.masking import without_query

if TYPE_CHECKING:
    from deliveries.engine.claim import Leased

#: From here on a delivery is sent apart from others of its kind ...
SUSPECT = 3
#: ... this far, so that what it does to its worker it does alone ...
SPACING = timedelta(seconds=0.5)
#: ... and here it has failed.
MAX_LOST_LEASES = 5

DETAIL = (
    f"Our sender stopped {MAX_LOST_LEASES} times while it was sending this, and we gave up. The fault is "
    "ours. Your endpoint may have received it."
)


def sift(due: "list[Leased]", *, now: datetime) -> "list[Leased]":
    """Give up what lost too many leases, put off all suspects but one, and return what may be sent now."""
    if not any(delivery.lost_leases for delivery in due):
        return due
    _give_up([delivery for delivery in due if _is_given_up(delivery)], now=now)
    suspects = [d for d in due if d.lost_leases >= SUSPECT and not _is_given_up(d)]
    random.shuffle(suspects)
    _space(suspects[1:], now=now)
    return [delivery for delivery in due if delivery.lost_leases < SUSPECT] + suspects[:1]


def _is_given_up(delivery: "Leased") -> bool:
    """Give up at a loss only: what a person has asked to resend since is tried once more."""
    return delivery.was_lost and delivery.lost_leases >= MAX_LOST_LEASES


def _space(suspects: "list[Leased]", *, now: datetime) -> None:
    for place, delivery in enumerate(suspects, start=1):
        Delivery.objects.filter(pk=delivery.pk).update(next_attempt_at=now + place * SPACING, lease=None)


def _give_up(deliveries: "list[Leased]", *, now: datetime) -> None:
    Attempt.objects.bulk_create([_last_attempt(delivery, now) for delivery in deliveries])
    Delivery.objects.filter(pk__in=[delivery.pk for delivery in deliveries]).update(
        status=Delivery.Status.FAILED,
        attempt_count=F("attempt_count") + 1,
        last_status_code=None,
        last_cause=Cause.INTERNAL,
        last_duration_ms=0,
        next_attempt_at=None,
        lease=None,
        finished_at=now,
    )


def _last_attempt(delivery: "Leased", now: datetime) -> Attempt:
    """Return the log's word on it: every failure names its cause there."""
    return Attempt(
        delivery_id=delivery.pk,
        number=delivery.attempt_count + 1,
        started_at=now,
        duration_ms=0,
        url=without_query(delivery.webhook.url),
        request_headers={},
        cause=Cause.INTERNAL,
        detail=DETAIL,
    )
