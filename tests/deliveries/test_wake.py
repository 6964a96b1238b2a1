import os
import threading
from queue import SimpleQueue
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


@pytest.mark.parametrize(
    ("events", "spent", "rest"),
    [(1, 0.0005, 0.002), (3, 0.0005, 0.006), (1, 0.001, 0.004), (100, 0.001, 0.02)],
)
def test_the_more_a_wake_cost_and_the_more_events_it_was_for_the_longer_the_next_one_waits(
    publish, monkeypatch, events, spent, rest
):
    rests: SimpleQueue[float] = SimpleQueue()
    clock = iter([1.0, 1.0 + spent])
    monkeypatch.setattr(wake, "time", SimpleNamespace(sleep=rests.put, thread_time=clock.__next__))
    waker = wake.Waker()
    waker._asked = events - 1
    waker.wake()
    assert rests.get(timeout=PATIENCE) == pytest.approx(rest)


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
