"""
Claim, lease and fencing as a model: workers that answer, crash or answer late, a clock, and a partner
who switches webhooks on and off, against the real queries.

The model keeps the rules in a few dictionaries; after every step the database must agree with it.
"""

import time
from collections import Counter
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from deliveries import events
from deliveries.causes import Cause
from deliveries.engine import holding
from deliveries.engine.claim import LEASE, Claimer
from deliveries.engine.losses import MAX_LOST_LEASES
from deliveries.engine.record import Outcome, record
from deliveries.engine.shares import Shares
from deliveries.events import Verification
from deliveries.models import Attempt, Delivery
from deliveries.retry import PROMISED
from tests.factories import make_partner, make_webhook
from webhooks.event_types import EventType
from webhooks.models import Webhook

Status = Delivery.Status

WORKERS = range(2)
WEBHOOKS = range(2)
ANSWERS = {"2xx": (200, None), "500": (500, Cause.STATUS), "our fault": (None, Cause.INTERNAL)}

#: Seconds: nothing, a retry's wait, the longest of them, a lease. What matters most comes most often.
WAITS = [0, 1, 16, 16, LEASE.total_seconds(), LEASE.total_seconds()]

indexes = st.integers(0, 1_000)


class Engine(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.example = transaction.atomic()
        self.example.__enter__()
        # Ahead of the database's own clock: what it calls due now is due here.
        self.now = timezone.now() + timedelta(days=1)
        self.partner = make_partner()
        self.webhooks = [make_webhook(partner=self.partner).pk for _ in WEBHOOKS]
        self.active, self.deleted = set(self.webhooks), set()
        self.workers = [Claimer() for _ in WORKERS]
        #: What was leased, in order, and may be answered yet: by a live worker, in time or late.
        self.flights = []
        #: The claim that may speak for each delivery, and until when nobody else may claim it.
        self.holder, self.leased_until = {}, {}
        self.owed = 0
        self.attempts: Counter[int] = Counter()
        self.attempts_of_round: Counter[int] = Counter()
        self.losses: Counter[int] = Counter()
        self.succeeded, self.failed = set(), set()
        self.emit()

    def teardown(self):
        try:
            self.drain()
        finally:
            transaction.set_rollback(True)
            self.example.__exit__(None, None, None)

    # --- What can happen -------------------------------------------------------------------------

    @rule()
    def emit(self):
        events.record(
            partner=self.partner,
            event_type=EventType.COMPLETED,
            verification=Verification("ver_1", session_id=1),
        )
        self.owed += len(WEBHOOKS) - len(self.deleted)

    @rule(worker=st.sampled_from(WORKERS), limit=st.integers(1, 5), after=st.sampled_from(WAITS))
    def claim(self, worker, limit, after):
        self.now += timedelta(seconds=after)
        claimed = self.workers[worker].claim(
            now=self.now, limit=limit, shares=Shares(places=1000, slow=limit)
        )
        self.note_losses()
        for leased in claimed.leased:
            assert self.leased_until.get(leased.pk, self.now) <= self.now, "two live leases"
            assert leased.webhook_id in self.active
            self.leased_until[leased.pk], self.holder[leased.pk] = self.now + LEASE, leased
            self.flights.append(leased)

    @precondition(lambda self: self.flights)
    @rule(which=indexes, answer=st.sampled_from([*ANSWERS]))
    def answer(self, which, answer):
        leased = self.flights.pop(which % len(self.flights))
        before = self.row(leased.pk)
        status_code, cause = ANSWERS[answer]
        end = time.monotonic()
        outcome = Outcome(
            delivery=leased, started=end, ended=end, url="https://x/", status_code=status_code, cause=cause
        )
        recorded = record([outcome], now=self.now)
        assert recorded == (self.holder.get(leased.pk) is leased), "only the last claim may record"
        if recorded:
            self.note(leased, cause)
        else:
            assert self.row(leased.pk) == before, "a late writer changed something"

    @rule(
        worker=st.sampled_from(WORKERS),
        answer=st.sampled_from([*ANSWERS, "500", "500"]),
        times=st.integers(1, PROMISED.max_attempts),
    )
    def send(self, worker, answer, times):
        """Claim when a retry is due, and answer all that is under way, in time or late; several times."""
        for _ in range(times):
            self.claim(worker, limit=5, after=16)
            while self.flights:
                self.answer(0, answer)

    @rule(worker=st.sampled_from(WORKERS))
    def crash(self, worker):
        """Die with all that is under way, and have it claimed again."""
        self.flights.clear()
        self.claim(worker, limit=5, after=LEASE.total_seconds())

    @precondition(lambda self: len(self.deleted) < len(WEBHOOKS))
    @rule(which=indexes)
    def activate(self, which):
        webhook = self.live(which)
        for delivery in webhook.deliveries.filter(status=Status.HELD):
            self.attempts_of_round[delivery.pk] = 0
        webhook.activate()
        self.active.add(webhook.pk)
        assert holding.release_stragglers() == 0, "alone in the database, nobody is late"

    @precondition(lambda self: len(self.deleted) < len(WEBHOOKS))
    @rule(which=indexes, sure=st.sampled_from([False, True]))
    def deactivate(self, which, sure):
        if sure:
            webhook = self.live(which)
            webhook.deactivate()
            self.active.discard(webhook.pk)

    @precondition(lambda self: not self.deleted)
    @rule(which=indexes, sure=st.sampled_from([False, False, False, True]))
    def delete(self, which, sure):
        if sure:
            webhook = self.live(which)
            webhook.delete_softly()
            self.active.discard(webhook.pk)
            self.deleted.add(webhook.pk)

    # --- What always holds -----------------------------------------------------------------------

    @invariant()
    def every_event_is_owed_or_in_plain_sight(self):
        rows = list(Delivery.objects.all())
        assert len(rows) == self.owed
        for row in rows:
            assert (row.status == Status.SUCCEEDED) == (row.pk in self.succeeded)
            assert (row.status == Status.FAILED) == (row.pk in self.failed)
            assert row.status != Status.HELD or row.webhook_id not in self.active | self.deleted
            assert row.status != Status.CANCELED or row.webhook_id in self.deleted

    @invariant()
    def attempts_are_counted_and_logged(self):
        counts = dict(Delivery.objects.exclude(attempt_count=0).values_list("pk", "attempt_count"))
        assert counts == +self.attempts
        logged = Counter(Attempt.objects.values_list("delivery_id", flat=True))
        assert logged == +self.attempts

    @invariant()
    def webhooks_are_active_unless_somebody_or_failures_stopped_them(self):
        assert set(Webhook.objects.filter(is_active=True).values_list("pk", flat=True)) == self.active

    def drain(self):
        """Let time pass with nothing but healthy workers: all is delivered, failed or canceled."""
        self.flights.clear()
        for which in range(len(WEBHOOKS) - len(self.deleted)):
            self.activate(which)
        for _ in range(3 * self.owed):
            self.claim(0, limit=100, after=LEASE.total_seconds())
            while self.flights:
                self.answer(0, "2xx")
        assert not Delivery.objects.filter(status__in=(Status.PENDING, Status.HELD)).exists()
        self.every_event_is_owed_or_in_plain_sight()

    # --- The model's own arithmetic --------------------------------------------------------------

    def note(self, leased, cause):
        pk = leased.pk
        del self.holder[pk], self.leased_until[pk]
        self.attempts[pk] += 1
        self.attempts_of_round[pk] += 1
        if cause is None:
            self.succeeded.add(pk)
        elif self.attempts_of_round[pk] == PROMISED.max_attempts:
            self.failed.add(pk)
            if cause != Cause.INTERNAL:
                self.active.discard(leased.webhook_id)

    def note_losses(self):
        """Whatever a claim finds leased has lost that lease, and nobody speaks for it any more."""
        for row in Delivery.objects.filter(pk__in=[*self.holder]):
            if row.lease != self.holder[row.pk].lease:
                del self.holder[row.pk]
                self.losses[row.pk] += 1
                assert self.leased_until[row.pk] <= self.now, "a live lease was taken away"
                # What an inactive webhook is owed is held before anybody asks how it came back.
                if self.losses[row.pk] >= MAX_LOST_LEASES and row.webhook_id in self.active:
                    self.failed.add(row.pk)
                    self.attempts[row.pk] += 1

    def live(self, which):
        left = [pk for pk in self.webhooks if pk not in self.deleted]
        return Webhook.objects.get(pk=left[which % len(left)])

    def row(self, pk):
        return Delivery.objects.filter(pk=pk).values().get(), Attempt.objects.filter(delivery=pk).count()


@pytest.mark.django_db
def test_the_database_agrees_with_the_model_whatever_happens():
    quick = settings(
        max_examples=15,
        stateful_step_count=25,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=[*HealthCheck],
    )
    run_state_machine_as_test(Engine, settings=quick)
