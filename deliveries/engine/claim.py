"""What is due, leased to one dispatcher."""

import uuid
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from deliveries.engine import holding
from deliveries.models import Delivery

#: Long enough for the sender's deadline and a slow write-back; then the delivery is due again.
LEASE = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Claim:
    """The deliveries leased, how many due ones were found, and whether more may be due."""

    leased: list[Delivery]
    found: int
    more: bool


@transaction.atomic
def claim(*, now: datetime, limit: int, under_way: Counter[int], per_webhook: int) -> Claim:
    """
    Lease at most *limit* due deliveries, oldest first.

    *under_way* counts what each webhook is being sent already: none gets more than *per_webhook*.
    Rows that another worker is claiming are skipped, not waited for.
    """
    full = [webhook for webhook, count in under_way.items() if count >= per_webhook]
    due = list(_lock_due(now=now, limit=limit, full=full))
    wanted = [delivery for delivery in due if not holding.must_wait(delivery)]
    holding.set_aside([delivery for delivery in due if holding.must_wait(delivery)], now=now)
    taken = _within_room(wanted, under_way=under_way, per_webhook=per_webhook)
    _lease(taken, until=now + LEASE)
    more = len(due) == limit or len(taken) < len(wanted) or bool(full)
    return Claim(taken, found=len(due), more=more)


def _lock_due(*, now: datetime, limit: int, full: Collection[int]) -> list[Delivery]:
    due = Delivery.objects.due(now).exclude(webhook__in=full).order_by("next_attempt_at", "pk")
    locked = due.select_for_update(skip_locked=True, of=("self",), no_key=True)[:limit]
    return list(locked.select_related("event").prefetch_related("webhook__headers"))


def _within_room(due: list[Delivery], *, under_way: Counter[int], per_webhook: int) -> list[Delivery]:
    counts = under_way.copy()
    taken = []
    for delivery in due:
        if counts[delivery.webhook_id] < per_webhook:
            counts[delivery.webhook_id] += 1
            taken.append(delivery)
    return taken


def _lease(deliveries: list[Delivery], *, until: datetime) -> None:
    """Put one name on all of them; what they were leased as before no longer counts."""
    lease = uuid.uuid4()
    for delivery in deliveries:
        delivery.lease, delivery.next_attempt_at = lease, until
    Delivery.objects.filter(pk__in=[d.pk for d in deliveries]).update(lease=lease, next_attempt_at=until)
