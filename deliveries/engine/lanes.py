"""
Threads that send side by side: one while endpoints answer quickly, many while they do not.

Python runs one thread at a time, and threads that all have something to do spend more on taking
turns than on the work: measured here, a request costs 0.7 ms of CPU with one busy thread, 0.9 with two
and 1.3 with four. Threads that wait for an endpoint cost nothing. Hence threads are added only while
those that there are wait.
"""

from collections import OrderedDict, deque
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from threading import Lock
from time import monotonic

from deliveries.engine.claim import Leased

#: A lane that has been busy with one delivery for longer, in seconds, is waiting for its endpoint; less
#: would take for that what only waits for its turn.
QUICK = 0.01

#: Lanes that are started at once when all that there are wait for their endpoints. To connect costs a lane
#: about a millisecond of CPU: a thousand at once would starve whoever else has something to do.
MORE = 16


class Lanes:
    """Send what is put in, each delivery in one of at most *most* threads."""

    def __init__(self, send: Callable[[Leased], None], *, most: int) -> None:
        self._send = send
        self._most = most
        self._pool = ThreadPoolExecutor(most, thread_name_prefix="sender")
        self._first, self._later = Rotation(), Rotation(newest_first=True)
        #: When each lane took the delivery that it is busy with.
        self._busy_since: dict[int, float] = {}
        self._numbers = count()

    def put(self, deliveries: Iterable[Leased], *, is_quick: Callable[[Leased], bool]) -> None:
        """Send *deliveries*; those whose endpoints are known to be quick wait for none of the others."""
        for delivery in deliveries:
            (self._first if is_quick(delivery) else self._later).put(delivery)
        self.tend()

    @property
    def waiting(self) -> int:
        """How many deliveries no lane has taken yet."""
        return len(self._first) + len(self._later)

    @property
    def waiting_first(self) -> int:
        """How many of those have endpoints that are known to be quick."""
        return len(self._first)

    def tend(self) -> None:
        """Start lanes if all that there are wait; call it every few milliseconds while something is ready."""
        busy = list(self._busy_since.values())
        if self._quick(busy):
            return
        for _ in range(min(MORE, self._most - len(busy), self.waiting)):
            number = next(self._numbers)
            self._busy_since[number] = monotonic()
            self._pool.submit(self._run, number)

    def _run(self, number: int) -> None:
        """Send one delivery after the other, unless another lane does so too; after a slow one one does."""
        try:
            while True:
                began = self._busy_since[number] = monotonic()
                self._send(self._next())
                if monotonic() - began > QUICK or self._quick(list(self._busy_since.values())) > 1:
                    return
        except LookupError:
            return
        finally:
            del self._busy_since[number]

    def _next(self) -> Leased:
        """Return what is to be sent next; raise LookupError if there is nothing."""
        try:
            return self._first.take()
        except LookupError:
            return self._later.take()

    @staticmethod
    def _quick(busy_since: list[float]) -> int:
        """Return how many of these lanes are not known to wait."""
        now = monotonic()
        return sum(now - since < QUICK for since in busy_since)


class Rotation:
    """
    Deliveries that wait for a lane, taken from each webhook in turn.

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

    def take(self) -> Leased:
        """Return the oldest of the webhook whose turn it is; raise KeyError if there is none."""
        with self._lock:
            webhook, queue = self._waiting.popitem(last=False)
            delivery = queue.popleft()
            if queue:
                self._waiting[webhook] = queue
            self._count -= 1
        return delivery
