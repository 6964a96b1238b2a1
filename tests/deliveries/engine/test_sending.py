import socket
import threading
import time
from dataclasses import dataclass
from typing import Any

import gevent
import gevent.event
import pytest

from deliveries.engine.sending import AT_ONCE, TICK, Rotation, Sending
from deliveries.sender import connection
from deliveries.sender.exchange import Exchange

#: Far longer than any of these tests takes; only a hanging one ever waits so long.
PATIENCE = 10


@dataclass
class Job:
    number: int
    webhook_id: int = 0


def jobs(count) -> Any:
    return [Job(number) for number in range(count)]


def jobs_of(*webhooks) -> Any:
    return [Job(number, webhook) for number, webhook in enumerate(webhooks)]


def nobody(_):
    return False


def everybody(_):
    return True


def number_in(*numbers) -> Any:
    return lambda job: job.number in numbers


def only(steps) -> Any:
    """Return a duty cycle that has no more than so many steps."""
    return FewSteps(steps)


class FewSteps:
    def __init__(self, steps):
        self.steps = steps

    def begin(self):
        self.steps -= 1

    @property
    def has_rested(self):
        return self.steps > 0


class LongRest:
    """A rest that is over when somebody has asked *asks* times whether it is; it notes when that was."""

    def __init__(self, asks):
        self.asks, self.moments, self.was_asked = asks, [], threading.Event()

    def begin(self):
        """There is one step alone, which is the last."""

    @property
    def has_rested(self):
        self.moments.append(time.monotonic())
        if len(self.moments) == self.asks:
            self.was_asked.set()
        return len(self.moments) >= self.asks


@pytest.fixture
def sent():
    return Sent()


class Sent:
    """Note what was sent and on which threads; let slow ones wait for the gate, as for an endpoint."""

    def __init__(self):
        self.numbers, self.threads = [], set()
        self.gate, self.done = gevent.event.Event(), threading.Semaphore(0)
        self.slow = set()

    def __call__(self, job):
        self.threads.add(threading.get_ident())
        if job.number in self.slow:
            assert self.gate.wait(PATIENCE)
        self.numbers.append(job.number)
        if job.number == -1:
            self.gate.set()
        self.done.release()

    def wait_for(self, count):
        for _ in range(count):
            assert self.done.acquire(timeout=PATIENCE)


def test_everything_is_sent_once(sent):
    sending = Sending(sent)
    sending.put(jobs(100), is_quick=nobody)
    sent.wait_for(100)
    assert sorted(sent.numbers) == list(range(100))
    assert sending.waiting == 0


def test_those_that_wait_do_not_hold_up_the_others(sent):
    sent.slow = set(range(5))
    sending = Sending(sent)
    sending.put(jobs(20), is_quick=nobody)
    sent.wait_for(15)
    assert sorted(sent.numbers) == list(range(5, 20))
    last: Any = Job(-1)
    sending.put([last], is_quick=nobody)
    sent.wait_for(6)


def test_one_thread_sends_everything(sent):
    for _ in range(3):
        Sending(sent).put(jobs(5), is_quick=nobody)
    sent.wait_for(15)
    assert len(sent.threads) == 1
    assert threading.get_ident() not in sent.threads


def test_who_is_known_to_be_quick_waits_for_none_of_the_others(sent):
    Sending(sent).put(jobs(20), is_quick=number_in(0, 18, 19))
    sent.wait_for(20)
    assert sent.numbers[:4] == [0, 18, 19, 1]


def test_who_turns_out_to_be_quick_waits_for_none_of_the_others_any_more(sent):
    sending = Sending(sent, duty=only(0))
    sending.put(jobs_of(1, 2, 2), is_quick=nobody)
    sending.prefer(2)
    sent.wait_for(2)
    assert (sent.numbers, sending.waiting) == ([1, 2], 1)


def test_others_are_started_one_by_one_as_far_as_there_is_leisure(sent):
    sending = Sending(sent, duty=only(5))
    sending.put(jobs(10), is_quick=number_in(0, 1, 2))
    sent.wait_for(8)
    assert sending.waiting == 2
    sending.put(jobs(1), is_quick=everybody)
    sent.wait_for(1)
    assert (sent.numbers[-1], sending.waiting) == (0, 2)


def test_a_rest_is_not_spent_on_asking_whether_it_is_over(sent):
    duty: Any = LongRest(asks=20)
    Sending(sent, duty=duty).put(jobs(1), is_quick=nobody)
    assert duty.was_asked.wait(PATIENCE)
    assert duty.moments[-1] - duty.moments[0] > 10 * TICK


def test_those_under_way_go_on_before_many_more_are_started():
    order, done = [], threading.Semaphore(0)

    def send(job):
        order.append(("starts", job.number))
        gevent.sleep(0)
        order.append(("ends", job.number))
        done.release()

    Sending(send).put(jobs(3 * AT_ONCE), is_quick=everybody)
    for _ in range(3 * AT_ONCE):
        assert done.acquire(timeout=PATIENCE)
    assert order.index(("ends", 0)) < order.index(("starts", AT_ONCE))


def test_one_that_breaks_stops_nobody_else(sent):
    def send(job):
        if job.number == 0:
            raise ZeroDivisionError
        sent(job)

    Sending(send).put(jobs(10), is_quick=nobody)
    sent.wait_for(9)
    assert sorted(sent.numbers) == list(range(1, 10))


def test_unit_tests_reach_no_network_through_it():
    with pytest.raises(pytest.fail.Exception, match="opened a socket"):
        connection.connect([(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 9))], Exchange(1))


def test_webhooks_take_turns():
    rotation: Any = Rotation()
    for number, webhook in enumerate([1, 1, 1, 1, 2, 2, 3]):
        rotation.put(Job(number, webhook))
    assert [job.webhook_id for job in rotation.take_some(5)] == [1, 2, 3, 1, 2]
    assert [job.webhook_id for job in rotation.take_some(5)] == [1, 1]
    assert len(rotation) == 0


def test_what_is_taken_of_one_webhook_is_its_oldest():
    rotation: Any = Rotation()
    for job in jobs(3):
        rotation.put(job)
    assert [job.number for job in rotation.take_some(3)] == [0, 1, 2]
    assert rotation.take_some(1) == []


def test_all_of_one_webhook_is_taken_at_once():
    rotation: Any = Rotation()
    for number, webhook in enumerate([1, 2, 1]):
        rotation.put(Job(number, webhook))
    assert [job.number for job in rotation.take_all(1)] == [0, 2]
    assert (len(rotation), list(rotation.take_all(1))) == (1, [])


def test_a_webhook_that_comes_anew_may_be_the_next():
    rotation: Any = Rotation(newest_first=True)
    for number, webhook in enumerate([1, 1, 2, 2, 3]):
        rotation.put(Job(number, webhook))
    assert [job.webhook_id for job in rotation.take_some(5)] == [3, 2, 1, 2, 1]
