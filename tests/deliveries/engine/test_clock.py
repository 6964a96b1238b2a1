from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from deliveries.engine import clock
from deliveries.engine.clock import TRUSTED, DatabaseClock

BEGIN = datetime(2026, 11, 25, 12, tzinfo=UTC)

#: What a question and its answer take, in seconds.
ways = st.floats(0, 0.5)


class Machine:
    """This process's monotonic clock, and a database to and from which the way is so many seconds long."""

    def __init__(self, *trips: tuple[float, float]) -> None:
        self.now, self.asked, self.trips = 1000.0, 0, list(trips)
        self.connecting = 0.0
        #: How much more passes for the database in each second of ours, and where it begins.
        self.drift, self.begin = 0.0, BEGIN

    def monotonic(self) -> float:
        return self.now

    def ensure_connection(self) -> None:
        self.now += self.connecting
        self.connecting = 0

    def database_now(self) -> datetime:
        self.asked += 1
        self.ensure_connection()
        to, fro = self.trips.pop(0) if self.trips else (0, 0)
        self.now += to
        told = self.truth
        self.now += fro
        return told

    @property
    def truth(self) -> datetime:
        return self.begin + timedelta(seconds=(self.now - 1000) * (1 + self.drift))

    def ahead(self, told: DatabaseClock) -> float:
        """Return by how many seconds the clock is ahead."""
        return (told() - self.truth).total_seconds()


def put(machine: Machine, patch: pytest.MonkeyPatch) -> DatabaseClock:
    patch.setattr(clock, "time", machine)
    patch.setattr(clock, "connection", machine)
    patch.setattr(clock, "database_now", machine.database_now)
    return DatabaseClock()


@pytest.fixture
def on(monkeypatch):
    """Put the clock on a machine."""
    return partial(put, patch=monkeypatch)


def test_it_tells_the_databases_time(on):
    machine = Machine()
    assert on(machine)() == BEGIN


def test_it_goes_on_by_itself_and_asks_again_in_time(on):
    machine = Machine()
    told = on(machine)
    told()
    machine.now += TRUSTED / 2
    assert told() == BEGIN + timedelta(seconds=TRUSTED / 2)
    assert machine.asked == 1
    machine.now += TRUSTED
    assert told() == BEGIN + timedelta(seconds=1.5 * TRUSTED)
    assert machine.asked == 2


@pytest.mark.parametrize(
    ("trips", "ahead"),
    [
        pytest.param([(0.03, 0)], 0.03, id="the first answer is believed, whatever it took"),
        pytest.param([(0.03, 0), (0.001, 0)], 0.001, id="a quicker one is believed instead"),
        pytest.param([(0.001, 0), (0.004, 0)], 0.001, id="a slower one is not"),
        pytest.param([(0.001, 0), (0, 0.5)], 0, id="a way back may take its time"),
    ],
)
def test_it_is_ahead_by_no_more_than_the_quickest_question_took(on, trips, ahead):
    machine = Machine(*trips)
    told = on(machine)
    for _ in trips:
        machine.now += 2 * TRUSTED
        told()
    assert machine.ahead(told) == pytest.approx(ahead, abs=1e-5)


@given(st.lists(st.tuples(ways, ways), min_size=1, max_size=20))
def test_it_is_never_behind_and_comes_closer_with_each_answer(trips):
    machine = Machine(*trips)
    with pytest.MonkeyPatch.context() as patch:
        told, before = put(machine, patch), float("inf")
        for to, _ in trips:
            machine.now += 2 * TRUSTED
            ahead = machine.ahead(told)
            assert -1e-5 <= ahead <= min(before, to) + 1e-5
            before = ahead


@pytest.mark.parametrize("drift", [-0.0005, 0.0005])
def test_it_follows_a_clock_that_runs_faster_or_slower(on, drift):
    machine = Machine(*[(0.001, 0.002)] * 100)
    machine.drift = drift
    told = on(machine)
    for _ in range(100):
        machine.now += 1.01 * TRUSTED
        assert -0.002 - TRUSTED * 0.001 <= machine.ahead(told) <= 0.001 + TRUSTED * 0.001


@pytest.mark.parametrize("seconds", [-3600, 3600])
def test_it_follows_a_clock_that_is_set(on, seconds):
    machine = Machine()
    told = on(machine)
    told()
    machine.begin += timedelta(seconds=seconds)
    machine.now += 2 * TRUSTED
    assert told() == machine.truth


def test_what_connecting_takes_does_not_count(on):
    machine = Machine()
    machine.connecting = 0.05
    assert on(machine)() == BEGIN + timedelta(seconds=0.05)


def test_a_database_that_did_not_answer_is_asked_again_at_once(on, monkeypatch):
    machine = Machine()
    told = on(machine)
    with monkeypatch.context() as down:
        down.setattr(clock, "database_now", lambda: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            told()
    assert told() == BEGIN


@pytest.mark.django_db
def test_the_databases_time_is_the_time():
    assert abs(DatabaseClock()() - timezone.now()) < timedelta(seconds=5)
