from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from deliveries.engine import clock
from deliveries.engine.clock import PROMPT, TRIES, TRUSTED, DatabaseClock

BEGIN = datetime(2026, 11, 25, 12, tzinfo=UTC)


class Machine:
    """This process's monotonic clock, and a database that needs *takes* seconds to tell its own time."""

    def __init__(self, *takes: float) -> None:
        self.now, self.asked, self.takes = 1000.0, 0, list(takes)

    def monotonic(self) -> float:
        return self.now

    def database_now(self) -> datetime:
        self.asked += 1
        self.now += self.takes.pop(0) if self.takes else 0
        return BEGIN + timedelta(seconds=self.now - 1000)


@pytest.fixture
def on(monkeypatch):
    """Put the clock on a machine."""

    def put(machine: Machine) -> DatabaseClock:
        monkeypatch.setattr(clock, "time", machine)
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


def test_a_slow_answer_is_asked_for_again(on):
    machine = Machine(10 * PROMPT, 0)
    told = on(machine)
    assert told() == BEGIN + timedelta(seconds=10 * PROMPT)
    assert machine.asked == 2


def test_of_slow_answers_alone_it_is_never_behind(on):
    machine = Machine(*[10 * PROMPT] * TRIES)
    told = on(machine)()
    assert told >= BEGIN + timedelta(seconds=machine.now - 1000)
    assert machine.asked == TRIES


@pytest.mark.django_db
def test_the_databases_time_is_the_time():
    assert abs(DatabaseClock()() - timezone.now()) < timedelta(seconds=5)
