"""What is due, leased to one dispatcher."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Self, cast

from deliveries.engine import bodies, fairness, holding, losses
from deliveries.engine.bulk import update_rows
from deliveries.engine.configurations import Configurations
from deliveries.engine.fairness import Choice
from deliveries.engine.leasing import Row, lease_due
from deliveries.engine.pace import Pace
from deliveries.engine.shares import ROOMY, Shares
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
    #: The token of its own body, where a payload template made one, and whether that is settled.
    body: str = ""
    is_body_fixed: bool = False
    #: How often somebody asked for it again.
    resent_count: int = 0
    #: Since when it was due; None where it never waited.
    was_due: datetime | None = None
    #: Why the payload template makes no body of this event.
    refusal: str = ""

    @classmethod
    def of(cls, row: Row, *, event: Event, webhook: Webhook, lease: uuid.UUID) -> Self:
        """Return *row* with its event and webhook."""
        return cls(
            pk=row.pk,
            public_id=row.public_id,
            is_test=row.is_test,
            attempt_count=row.attempt_count,
            round_start=row.round_start,
            webhook_id=row.webhook_id,
            event=event,
            webhook=webhook,
            lease=lease,
            was_due=row.was_due,
            lost_leases=row.lost_leases,
            was_lost=row.was_lost,
            body=row.body,
            is_body_fixed=row.is_body_fixed,
            resent_count=row.resent_count,
        )

    @property
    def is_asked_for(self) -> bool:
        """Whether a person waits for this very attempt."""
        return self.resent_count > 0 and self.attempt_count == self.round_start

    @property
    def may_be_sent(self) -> bool:
        """Only what a person waits for goes to an inactive webhook, and nothing to a deleted one."""
        webhook = self.webhook
        return webhook.deleted_at is None and (webhook.is_active or self.is_test or self.is_asked_for)


@dataclass(frozen=True, slots=True)
class Claim:
    """
    The deliveries leased, how many due ones were found, and whether more may be due.

    With *waits*, more may be claimed in a moment though nothing that is under way has ended.
    """

    leased: list[Leased]
    found: int
    more: bool
    waits: bool = False


class Claimer:
    """Claim for one process, by any of its threads."""

    def __init__(self, *, pace: Pace | None = None) -> None:
        self._configurations = Configurations()
        self._pace = pace or Pace()
        self._is_deep = False
        #: Held while deliveries are given the room that there is: no two threads may give the same.
        self._giving = Lock()

    def claim(self, *, now: datetime, limit: int, shares: Shares, only_fresh: bool = False) -> Claim:
        """
        Lease at most *limit* due deliveries; with *only_fresh*, what has just come due will do.

        The oldest come first, unless so much is due that this would let some wait for others: then
        each webhook has its turn. None gets more than its share, from which what is leased is taken,
        and no partner more than its pace. Rows that another worker is claiming are skipped, not waited for.
        """
        in_turns = self._is_deep or shares.only is not None or bool(shares.full)
        rooms, paces = (shares.rooms, self._pace.rooms) if in_turns else (ROOMY, ROOMY)
        choose = fairness.fresh if only_fresh else fairness.in_turns
        found = self._lease(choose(rooms, paces) if in_turns else None, now=now, limit=limit)
        wanted = losses.sift(_set_aside(found, now=now), now=now)
        with self._giving:
            taken = self._give_room(wanted, shares)
        is_deep = (
            (in_turns and only_fresh)
            or len(found) >= limit
            or len(taken) < len(wanted)
            or rooms.are_used_by(delivery.webhook_id for delivery in found)
            or paces.are_used_by(delivery.webhook.partner_id for delivery in found)
        )
        # Who claims what is fresh does not see how much is due.
        self._is_deep = is_deep or (only_fresh and self._is_deep)
        waits = self._pace.rooms.hold_back or (in_turns and only_fresh)
        return Claim(taken, found=len(found), more=is_deep or in_turns, waits=waits)

    def _give_room(self, due: list[Leased], shares: Shares) -> list[Leased]:
        """Take what there is room for and return it; leave the rest due as it was."""
        taken, over = self._divide(due, shares)
        rows = [(delivery.pk, delivery.lease, delivery.was_due) for delivery in over]
        update_rows(Delivery, ("next_attempt_at",), rows, key=("id", "lease"), clear=("lease",))
        bodies.fix(taken)
        self._pace.take(delivery.webhook.partner_id for delivery in taken)
        shares.take(delivery.webhook_id for delivery in taken)
        return taken

    def _divide(self, due: list[Leased], shares: Shares) -> tuple[list[Leased], list[Leased]]:
        """Return those that there is room for, and those that are over."""
        rooms: dict[int, int] = {}
        partners: dict[int, int] = {}
        taken: list[Leased] = []
        over: list[Leased] = []
        free = shares.free
        for delivery in due:
            webhook, partner = delivery.webhook_id, delivery.webhook.partner_id
            room = rooms.setdefault(webhook, shares.room(webhook))
            pace = partners.setdefault(partner, self._pace.room(partner))
            if min(room, pace, free - len(taken)) > 0:
                rooms[webhook], partners[partner] = room - 1, pace - 1
                taken.append(delivery)
            else:
                over.append(delivery)
        return taken, over

    def _lease(self, choice: Choice | None, *, now: datetime, limit: int) -> list[Leased]:
        lease = uuid.uuid4()
        rows = lease_due(now=now, until=now + LEASE, lease=lease, limit=limit, choice=choice)
        webhooks = self._configurations.of({row.webhook_id: row.webhook_version for row in rows})
        events = {row.event_id: _event(row) for row in rows}
        return [
            Leased.of(row, event=events[row.event_id], webhook=webhooks[row.webhook_id], lease=lease)
            for row in rows
        ]


def _event(row: Row) -> Event:
    token = Event._meta.get_field("body").from_db_value(row.event_body)
    return Event(public_id=row.event_id, body=cast("str", token))


def _set_aside(found: list[Leased], *, now: datetime) -> list[Leased]:
    """Hold what came due as its webhook stopped receiving, cancel what has none any more; return the rest."""
    if aside := [delivery for delivery in found if not delivery.may_be_sent]:
        gone = [d.pk for d in aside if d.webhook.deleted_at is not None]
        inactive = [d.pk for d in aside if d.webhook.deleted_at is None]
        holding.cancel_all(Delivery.objects.filter(pk__in=gone), now=now)
        holding.hold_all(Delivery.objects.filter(pk__in=inactive))
    return [delivery for delivery in found if delivery.may_be_sent]
