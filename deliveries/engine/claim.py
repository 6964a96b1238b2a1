"""What is due, leased to one dispatcher."""

import uuid
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from deliveries.engine import holding, losses
from deliveries.models import Delivery, Event
from webhooks.models import Webhook

#: Long enough for the sender's deadline and a slow write-back; then the delivery is due again.
LEASE = timedelta(seconds=30)


@dataclass(slots=True)
class Leased:
    """
    A delivery as its sender needs it: a row of it costs a tenth of a model instance.

    Deliveries of one event or webhook share the object, and with it what was decrypted once.
    """

    pk: int
    public_id: str
    is_test: bool
    attempt_count: int
    round_start: int
    webhook_id: int
    event: Event
    webhook: Webhook
    lease: uuid.UUID
    #: How many of its leases ran out, and whether the last one did.
    lost_leases: int = 0
    was_lost: bool = False
    resent_count: int = 0

    @property
    def is_asked_for(self) -> bool:
        """Whether a person waits for this very attempt."""
        return self.resent_count > 0 and self.attempt_count == self.round_start


@dataclass(frozen=True, slots=True)
class Claim:
    """The deliveries leased, how many due ones were found, and whether more may be due."""

    leased: list[Leased]
    found: int
    more: bool


#: What a claim reads of each delivery, in the order that Leased wants it.
COLUMNS = (
    "pk",
    "public_id",
    "is_test",
    "attempt_count",
    "round_start",
    "webhook_id",
    "webhook__updated_at",
    "event__public_id",
    "event__body",
    "lost_leases",
    "lease",
    "resent_count",
)

#: Webhooks that one process keeps in memory.
MAX_KNOWN = 10_000


class Claimer:
    """Claim for one process, which keeps what it knows of webhooks while they do not change."""

    def __init__(self) -> None:
        self._known: dict[int, Webhook] = {}

    @transaction.atomic
    def claim(self, *, now: datetime, limit: int, under_way: Counter[int], per_webhook: int) -> Claim:
        """
        Lease at most *limit* due deliveries, oldest first.

        *under_way* counts what each webhook is being sent already: none gets more than
        *per_webhook*. Rows that another worker is claiming are skipped, not waited for.
        """
        full = [webhook for webhook, count in under_way.items() if count >= per_webhook]
        due = self._lock_due(now=now, limit=limit, full=full)
        wanted = [delivery for delivery in due if _may_be_sent(delivery)]
        if len(wanted) < len(due):
            _set_aside([delivery for delivery in due if not _may_be_sent(delivery)], now=now)
        if any(delivery.lost_leases for delivery in wanted):
            wanted = losses.sift(wanted, now=now)
        taken = _within_room(wanted, under_way=under_way, per_webhook=per_webhook)
        _write_lease(taken, until=now + LEASE)
        more = len(due) == limit or len(taken) < len(wanted) or bool(full)
        return Claim(taken, found=len(due), more=more)

    def _lock_due(self, *, now: datetime, limit: int, full: Collection[int]) -> list[Leased]:
        due = Delivery.objects.due(now).exclude(webhook__in=full).order_by("next_attempt_at", "pk")
        locked = due.select_for_update(skip_locked=True, of=("self",), no_key=True)[:limit]
        rows = list(locked.values_list(*COLUMNS))
        webhooks = self._webhooks({row[5]: row[6] for row in rows})
        events = {row[7]: Event(public_id=row[7], body=row[8]) for row in rows}
        lease = uuid.uuid4()
        return [
            Leased(  # type: ignore[misc]  # mypy cannot tell how many a slice has
                *row[:6],
                event=events[row[7]],
                webhook=webhooks[row[5]],
                lease=lease,
                lost_leases=row[9] + (row[10] is not None),
                was_lost=row[10] is not None,
                resent_count=row[11],
            )
            for row in rows
        ]

    def _webhooks(self, versions: dict[int, datetime]) -> dict[int, Webhook]:
        """Return the webhooks by id, read anew where `updated_at` says that they have changed."""
        changed = [
            key
            for key, version in versions.items()
            if key not in self._known or self._known[key].updated_at != version
        ]
        if changed:
            if len(self._known) > MAX_KNOWN:
                self._known.clear()
            self._known |= Webhook.objects.prefetch_related("headers").in_bulk([*versions])
        return self._known


def _may_be_sent(delivery: Leased) -> bool:
    """Only what a person waits for goes to an inactive webhook, and nothing to a deleted one."""
    webhook = delivery.webhook
    return webhook.deleted_at is None and (webhook.is_active or delivery.is_test or delivery.is_asked_for)


def _set_aside(deliveries: list[Leased], *, now: datetime) -> None:
    """Hold what came due as its webhook stopped receiving; cancel what no webhook is left for."""
    gone = [d.pk for d in deliveries if d.webhook.deleted_at is not None]
    inactive = [d.pk for d in deliveries if d.webhook.deleted_at is None]
    holding.cancel_all(Delivery.objects.filter(pk__in=gone), now=now)
    holding.hold_all(Delivery.objects.filter(pk__in=inactive))


def _within_room(due: list[Leased], *, under_way: Counter[int], per_webhook: int) -> list[Leased]:
    counts = under_way.copy()
    taken = []
    for delivery in due:
        if counts[delivery.webhook_id] < per_webhook:
            counts[delivery.webhook_id] += 1
            taken.append(delivery)
    return taken


def _write_lease(deliveries: list[Leased], *, until: datetime) -> None:
    """Put one name on all of them; what they were leased as before no longer counts."""
    if deliveries:
        rows = Delivery.objects.filter(pk__in=[delivery.pk for delivery in deliveries])
        rows.update(lease=deliveries[0].lease, next_attempt_at=until)
