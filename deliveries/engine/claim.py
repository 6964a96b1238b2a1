"""What is due, leased to one dispatcher."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from deliveries.engine import bodies, holding, losses
from deliveries.engine.fairness import Turns
from deliveries.engine.shares import Shares
from deliveries.models import Delivery, DeliveryQuerySet, Event
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
    #: The token of its own body, where a payload template made one, and whether that is settled.
    body: str = ""
    is_body_fixed: bool = False
    #: How often somebody asked for it again.
    resent_count: int = 0
    #: Why the payload template makes no body of this event.
    refusal: str = ""

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
    "body",
    "is_body_fixed",
    "resent_count",
)

#: Webhooks that one process keeps in memory.
MAX_KNOWN = 10_000


class Claimer:
    """Claim for one process, which keeps what it knows of webhooks while they do not change."""

    def __init__(self) -> None:
        self._known: dict[int, Webhook] = {}
        self._turns = Turns()
        self._is_deep = False

    @transaction.atomic
    def claim(self, *, now: datetime, limit: int, shares: Shares) -> Claim:
        """
        Lease at most about *limit* due deliveries.

        The oldest come first, unless so much is due that this would let some wait for others: then
        each webhook has its turn. None gets more than its share. Rows that another worker is
        claiming are skipped, not waited for.
        """
        full, only = shares.full, shares.only
        in_turns = self._is_deep or bool(full)
        due = self._lock(self._choose(now=now, limit=limit, full=full, only=only))
        self._is_deep = len(due) >= limit
        wanted = [delivery for delivery in due if _may_be_sent(delivery)]
        if len(wanted) < len(due):
            _set_aside([delivery for delivery in due if not _may_be_sent(delivery)], now=now)
        if any(delivery.lost_leases for delivery in wanted):
            wanted = losses.sift(wanted, now=now)
        taken = _within_shares(wanted, shares)
        bodies.fix(taken)
        _write_lease(taken, until=now + LEASE)
        more = self._is_deep or in_turns or len(taken) < len(wanted) or only is not None
        return Claim(taken, found=len(due), more=more)

    def _choose(
        self, *, now: datetime, limit: int, full: Collection[int], only: Collection[int] | None
    ) -> DeliveryQuerySet:
        due = Delivery.objects.due(now).order_by("next_attempt_at", "pk")
        if only is not None:
            due = due.filter(webhook__in=only)
        if self._is_deep or full:
            return due.filter(pk__in=self._turns.next_due(now=now, limit=limit, full=full))
        return due[:limit]

    def _lock(self, due: DeliveryQuerySet) -> list[Leased]:
        locked = due.select_for_update(skip_locked=True, of=("self",), no_key=True)
        rows = list(locked.values_list(*COLUMNS))
        webhooks = self._webhooks({row[5]: row[6] for row in rows})
        events = {row[7]: Event(public_id=row[7], body=row[8]) for row in rows}
        lease = uuid.uuid4()
        return [_leased(row, events[row[7]], webhooks[row[5]], lease) for row in rows]

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


def _leased(row: tuple[Any, ...], event: Event, webhook: Webhook, lease: uuid.UUID) -> Leased:
    was_lost = row[10] is not None
    lost = row[9] + was_lost
    return Leased(*row[:6], event, webhook, lease, lost, was_lost, *row[11:])  # type: ignore[call-arg]


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


def _within_shares(due: list[Leased], shares: Shares) -> list[Leased]:
    rooms: dict[int, int] = {}
    taken = []
    for delivery in due:
        room = rooms.setdefault(delivery.webhook_id, shares.room(delivery.webhook_id))
        if room > 0:
            rooms[delivery.webhook_id] = room - 1
            taken.append(delivery)
    return taken


def _write_lease(deliveries: list[Leased], *, until: datetime) -> None:
    """Put one name on all of them; what they were leased as before no longer counts."""
    if deliveries:
        rows = Delivery.objects.filter(pk__in=[delivery.pk for delivery in deliveries])
        rows.update(lease=deliveries[0].lease, next_attempt_at=until, is_body_fixed=True)
    if refused := [delivery.pk for delivery in deliveries if delivery.refusal]:
        Delivery.objects.filter(pk__in=refused).update(is_body_fixed=False)
