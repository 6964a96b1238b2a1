from unittest.mock import Mock

import pytest
import time_machine
from celery import Celery

from portal.beat import Scheduler


@pytest.fixture
def clock():
    with time_machine.travel("2026-11-26T12:00Z", tick=False) as clock:
        yield clock


@pytest.fixture
def scheduler(clock, tmp_path, monkeypatch):
    app = Celery(broker="memory://", set_as_current=False)
    app.conf.beat_schedule = {"sweep": {"task": "sweep", "schedule": 0.5}}
    scheduler = Scheduler(app=app, schedule_filename=str(tmp_path / "schedule"), max_interval=1)
    monkeypatch.setattr(scheduler, "apply_async", Mock())
    yield scheduler
    scheduler.close()


def test_beat_sleeps_until_a_task_is_due_and_sends_it_then(scheduler, clock):
    assert scheduler.tick() == pytest.approx(0.5)
    assert scheduler.apply_async.call_count == 0
    clock.shift(0.5)
    assert scheduler.tick() == 0
    assert scheduler.apply_async.call_count == 1
