import threading
from dataclasses import dataclass
from typing import Any

import pytest

from deliveries.engine import lanes as module
from deliveries.engine.lanes import Lanes, Rotation

#: Far longer than any of these tests takes; only a hanging one ever waits so long.
PATIENCE = 10


@dataclass
class Job:
    number: int
    webhook_id: int = 0


def jobs(count):
    return [Job(number) for number in range(count)]


def nobody(_):
    return False


def number_in(*numbers) -> Any:
    return lambda job: job.number in numbers


@pytest.fixture
def sent():
    return Sent()


class Sent:
    """Note what was sent and on how many threads; let slow ones wait for the gate."""

    def __init__(self):
        self.numbers, self.threads = [], set()
        self.gate, self.done = threading.Event(), threading.Semaphore(0)
        self.slow = set()

    def __call__(self, job):
        if job.number in self.slow:
            assert self.gate.wait(PATIENCE)
        self.numbers.append(job.number)
        self.threads.add(threading.get_ident())
        self.done.release()

    def wait_for(self, count, lanes):
        for _ in range(count):
            while not self.done.acquire(timeout=0.002):
                lanes.tend()


def test_everything_is_sent_once(sent):
    lanes = Lanes(sent, most=8)
    lanes.put(jobs(100), is_quick=nobody)
    sent.wait_for(100, lanes)
    assert sorted(sent.numbers) == list(range(100))
    assert lanes.waiting == 0


def test_those_that_wait_do_not_hold_up_the_others(sent):
    sent.slow = set(range(5))
    lanes = Lanes(sent, most=8)
    lanes.put(jobs(20), is_quick=nobody)
    sent.wait_for(15, lanes)
    assert sorted(sent.numbers) == list(range(5, 20))
    sent.gate.set()
    sent.wait_for(5, lanes)


def test_there_are_never_more_lanes_than_allowed(sent, monkeypatch):
    monkeypatch.setattr(module, "QUICK", 0)
    sent.slow = set(range(20))
    lanes = Lanes(sent, most=3)
    lanes.put(jobs(20), is_quick=nobody)
    for _ in range(50):
        lanes.tend()
    assert (len(lanes._busy_since), lanes.waiting) == (3, 17)
    sent.gate.set()
    sent.wait_for(20, lanes)
    assert len(sent.threads) <= 3


def test_who_is_known_to_be_quick_waits_for_none_of_the_others(sent):
    sent.slow = {0}
    lanes = Lanes(sent, most=1)
    lanes.put(jobs(20), is_quick=number_in(0, 18, 19))
    sent.gate.set()
    sent.wait_for(20, lanes)
    assert sent.numbers[:4] == [0, 18, 19, 1]


def test_webhooks_take_turns():
    rotation: Any = Rotation()
    for number, webhook in enumerate([1, 1, 1, 1, 2, 2, 3]):
        rotation.put(Job(number, webhook))
    assert [rotation.take().webhook_id for _ in range(len(rotation))] == [1, 2, 3, 1, 2, 1, 1]
    assert len(rotation) == 0


def test_what_is_taken_of_one_webhook_is_its_oldest():
    rotation: Any = Rotation()
    for job in jobs(3):
        rotation.put(job)
    assert [rotation.take().number for _ in range(3)] == [0, 1, 2]
    with pytest.raises(LookupError):
        rotation.take()


def test_a_webhook_that_comes_anew_may_be_the_next():
    rotation: Any = Rotation(newest_first=True)
    for number, webhook in enumerate([1, 1, 2, 2, 3]):
        rotation.put(Job(number, webhook))
    assert [rotation.take().webhook_id for _ in range(len(rotation))] == [3, 2, 1, 2, 1]
