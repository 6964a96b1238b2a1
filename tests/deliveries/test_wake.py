import os
import threading
from types import SimpleNamespace

import pytest

from deliveries import wake

#: Far longer than any of these tests takes; only a hanging one ever waits so long.
PATIENCE = 10


@pytest.fixture
def publish(monkeypatch):
    """Count publishes, each of which waits for the gate."""

    class Publish:
        gate = threading.Event()
        started = threading.Semaphore(0)
        count = 0

        def __call__(self):
            self.count += 1
            self.started.release()
            assert self.gate.wait(PATIENCE)

    publish = Publish()
    publish.gate.set()
    monkeypatch.setattr(wake, "publish", publish)
    return publish


def test_a_wake_is_published(publish):
    waker = wake.Waker()
    waker.wake()
    waker.flush(PATIENCE)
    assert publish.count == 1


def test_wakes_during_a_slow_publish_become_one_more(publish):
    publish.gate.clear()
    waker = wake.Waker()
    waker.wake()
    assert publish.started.acquire(timeout=PATIENCE)
    for _ in range(100):
        waker.wake()
    publish.gate.set()
    waker.flush(PATIENCE)
    assert publish.count == 2


@pytest.mark.parametrize(("events", "pause"), [(1, 0.0025), (4, 0.01), (100, 0.02)])
def test_the_more_events_a_wake_is_for_the_longer_the_next_one_waits(publish, monkeypatch, events, pause):
    pauses, paused = [], threading.Event()

    def sleep(seconds):
        pauses.append(seconds)
        paused.set()

    monkeypatch.setattr(wake, "time", SimpleNamespace(sleep=sleep))
    waker = wake.Waker()
    waker._asked = events - 1
    waker.wake()
    assert paused.wait(PATIENCE)
    assert pauses[0] == pause


def test_a_broker_that_is_gone_is_a_warning(monkeypatch, caplog):
    def refuse(**_):
        raise ConnectionError("redis://:password@broker")

    monkeypatch.setattr(wake.tasks.deliver, "apply_async", refuse)
    wake.publish()
    assert "ConnectionError" in caplog.text
    assert "password" not in caplog.text


def test_a_forked_process_gets_a_waker_of_its_own(monkeypatch):
    ours = wake._waker()
    assert wake._waker() is ours
    monkeypatch.setattr(os, "getpid", lambda: ours.pid + 1)
    monkeypatch.setattr(wake.atexit, "register", lambda _: None)
    theirs = wake._waker()
    monkeypatch.undo()
    assert theirs is not ours
