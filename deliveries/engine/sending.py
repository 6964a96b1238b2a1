"""
Sends side by side: one thread, in which every delivery that is under way has a greenlet of its own.

Python runs one thread at a time. Threads that all have something to do spend more on taking turns than on the
work, and a thousand that wait for endpoints starve whoever else has something to do as they start and end.
A greenlet that waits costs its few kilobytes. docs/engine.md says what was measured.
"""

import os
from collections import OrderedDict, deque
from collections.abc import Callable, Collection, Iterable
from concurrent.futures import Future
from functools import cache, cached_property
from threading import Lock, Thread
from typing import Any

import gevent

from deliveries.engine.claim import Leased
from deliveries.engine.duty import DutyCycle
from deliveries.sender.kept import KEPT

#: How many deliveries to endpoints that are known to be quick are started before those under way go on: each
#: takes about a quarter of a millisecond.
AT_ONCE = 4

#: The others, which take a new connection as a rule, are started one by one; the longest rest after one,
#: in seconds, which lets a thousand start long before their leases run out.
LONGEST_REST = 0.005

#: How often to look whether the rest is over, in seconds.
TICK = 0.001

#: Seconds between two looks for connections that have rested too long.
TIDY = 2.0


class Sending:
    """Send what is put in, side by side. How much is under way at once is up to whoever puts it in."""

    def __init__(self, send: Callable[[Leased], None], *, duty: DutyCycle | None = None) -> None:
        self._send = send
        self._first, self._later = Rotation(), Rotation(newest_first=True)
        self._duty = duty or DutyCycle(longest=LONGEST_REST)

    def put(self, deliveries: Iterable[Leased], *, is_quick: Callable[[Leased], bool]) -> None:
        """Send *deliveries*; those whose endpoints are known to be quick wait for none of the others."""
        for delivery in deliveries:
            (self._first if is_quick(delivery) else self._later).put(delivery)
        self._news.send()

    def prefer(self, webhook: int) -> None:
        """Let what is waiting for this webhook wait for nobody: its endpoint has turned out to be quick."""
        for delivery in self._later.take_all(webhook):
            self._first.put(delivery)

    @property
    def waiting(self) -> int:
        """How many deliveries have not been started yet."""
        return len(self._first) + len(self._later)

    @property
    def waiting_first(self) -> int:
        """How many of those have endpoints that are known to be quick."""
        return len(self._first)

    @cached_property
    def _news(self) -> Any:
        """What any thread may send, and the sending one answers by starting some."""
        listening: Future[Any] = Future()
        _event_loop(os.getpid()).run_callback_threadsafe(self._listen, listening)
        return listening.result()

    def _listen(self, listening: "Future[Any]") -> None:
        loop = gevent.get_hub().loop
        # Once it has fired, a timer that does not repeat would fire at once ever after.
        self._ticks = loop.timer(TICK, repeat=TICK)
        news = loop.async_()
        news.start(self._start_some)
        listening.set_result(news)

    def _start_some(self) -> None:
        for delivery in self._first.take_some(AT_ONCE):
            gevent.spawn(self._send, delivery)
        if self._duty.has_rested:
            for delivery in self._later.take_some(1):
                self._duty.begin()
                gevent.spawn(self._send, delivery)
        if self._first:
            # It comes after whatever has come for those under way meanwhile.
            self._news.send()
        if self._later:
            self._ticks.start(self._start_some)
        else:
            self._ticks.stop()


@cache
def _event_loop(_process: int) -> Any:
    """Return the event loop of this process's sending thread, which starts with the first delivery."""
    started: Future[Any] = Future()
    Thread(target=_run, args=(started,), name="sending", daemon=True).start()
    return started.result()


def _run(started: "Future[Any]") -> None:
    started.set_result(gevent.get_hub().loop)
    while True:
        gevent.sleep(TIDY)
        KEPT.close_stale()


class Rotation:
    """
    Deliveries that wait to be sent, taken from each webhook in turn.

    Else one that was sent alone would wait for all that another webhook was owed before. With *newest_first*
    a webhook that comes anew is the next: nobody knows its endpoint yet, and a thousand may hang before it.
    """

    def __init__(self, *, newest_first: bool = False) -> None:
        self._newest_first = newest_first
        self._lock = Lock()
        self._waiting: OrderedDict[int, deque[Leased]] = OrderedDict()
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def put(self, delivery: Leased) -> None:
        with self._lock:
            is_new = delivery.webhook_id not in self._waiting
            self._waiting.setdefault(delivery.webhook_id, deque()).append(delivery)
            if is_new and self._newest_first:
                self._waiting.move_to_end(delivery.webhook_id, last=False)
            self._count += 1

    def take_some(self, most: int) -> list[Leased]:
        """Return at most so many, each the oldest of the webhook whose turn it is."""
        with self._lock:
            return [self._take() for _ in range(min(most, self._count))]

    def take_all(self, webhook: int) -> Collection[Leased]:
        """Return all that wait of this webhook, the oldest first."""
        with self._lock:
            queue = self._waiting.pop(webhook, deque())
            self._count -= len(queue)
        return queue

    def _take(self) -> Leased:
        webhook, queue = self._waiting.popitem(last=False)
        delivery = queue.popleft()
        if queue:
            self._waiting[webhook] = queue
        self._count -= 1
        return delivery
