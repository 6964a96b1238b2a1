"""
Threads that send side by side: few while endpoints answer quickly, many while they do not.

Python runs one thread at a time, and threads that all have something to do spend more on taking
turns than on the work: with eight or more a request costs twice what it costs with four. Threads
that wait for an endpoint cost nothing. Hence only as many are started as are not waiting.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from queue import Empty, SimpleQueue
from time import monotonic

from deliveries.engine.claim import Leased

#: Lanes that may be busy at once, not counting those that wait for an endpoint.
QUICK_LANES = 4

#: A lane that has been busy with one delivery for longer, in seconds, is waiting for its endpoint.
QUICK = 0.002


class Lanes:
    """Send what is put in, each delivery in one of at most *most* threads."""

    def __init__(self, send: Callable[[Leased], None], *, most: int) -> None:
        self._send = send
        self._most = most
        self._pool = ThreadPoolExecutor(most, thread_name_prefix="sender")
        self._ready: SimpleQueue[Leased] = SimpleQueue()
        #: When each lane took the delivery that it is busy with.
        self._busy_since: dict[int, float] = {}
        self._numbers = count()

    def put(self, deliveries: Iterable[Leased]) -> None:
        for delivery in deliveries:
            self._ready.put(delivery)
        self.tend()

    @property
    def waiting(self) -> int:
        """How many deliveries no lane has taken yet."""
        return self._ready.qsize()

    def tend(self) -> None:
        """Start lanes in place of those that are waiting; call it every QUICK while something is ready."""
        now = monotonic()
        busy = list(self._busy_since.values())
        quick = sum(now - since < QUICK for since in busy)
        for _ in range(min(QUICK_LANES - quick, self._most - len(busy), self.waiting)):
            number = next(self._numbers)
            self._busy_since[number] = now
            self._pool.submit(self._run, number)

    def _run(self, number: int) -> None:
        """Send one delivery after the other while that goes quickly; a slow one was replaced meanwhile."""
        try:
            while True:
                began = self._busy_since[number] = monotonic()
                self._send(self._ready.get_nowait())
                if monotonic() - began > QUICK:
                    return
        except Empty:
            return
        finally:
            del self._busy_since[number]
