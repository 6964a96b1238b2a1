from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from deliveries.engine import clock
from deliveries.engine.clock import PATIENCE, PROMPT, TRUSTED, DatabaseClock

BEGIN = datetime(2026, 11, 25, 12, tzinfo=UTC)


class Machine:
    """This process's monotonic clock, and a database that needs *takes* seconds to tell its own time."""

    def __init__(self, *takes: float) -> None:
        self.now, self.asked, self.takes = 1000.0, 0, list(takes)
        self.connecting = 0.0

    def monotonic(self) -> float:
        return self.now

    def ensure_connection(self) -> None:
        self.now += self.connecting
        self.connecting = 0

    def database_now(self) -> datetime:
        self.asked += 1
        self.ensure_connection()
        self.now += self.takes.pop(0) if self.takes else 0
        return BEGIN + timedelta(seconds=self.now - 1000)


@pytest.fixture
def on(monkeypatch):
    """Put the clock on a machine."""

    def put(machine: Machine) -> DatabaseClock:
        monkeypatch.setattr(clock, "time", machine)
        monkeypatch.setattr(clock, "connection", machine)
        monkeypatch.setattr(clock, "database_now", machine.database_now)
        return DatabaseClock()

    return put


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


def test_a_slow_answer_is_not_believed(on):
    machine = Machine(0, 10 * PROMPT)
    told = on(machine)
    told()
    machine.now += 2 * TRUSTED
    assert told() == BEGIN + timedelta(seconds=machine.now - 1000)
    assert machine.asked == 2


@pytest.mark.parametrize("already", [0, PATIENCE + 1])
def test_it_is_when_there_is_no_better_one_and_then_the_clock_is_ahead(on, already):
    machine = Machine(*[0] * bool(already), 10 * PROMPT)
    told = on(machine)
    if already:
        told()
        machine.now += already
    assert told() == BEGIN + timedelta(seconds=machine.now - 1000 + 10 * PROMPT)


def test_what_connecting_takes_does_not_count(on):
    machine = Machine()
    machine.connecting = 10 * PROMPT
    assert on(machine)() == BEGIN + timedelta(seconds=10 * PROMPT)


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
