"""Tell the workers that something is due. The database is the queue; this only saves waiting."""

import atexit
import logging
import os
import threading
import time

from deliveries import tasks

logger = logging.getLogger(__name__)

#: How long a process rests after a wake, for each event that it was for: so many times what publishing it
#: took of the processor's time; a worker spends twice that on it. And at most, in seconds.
RESTS, LONGEST_REST = 4, 0.02

#: How long a process that ends waits for its last wake to leave, in seconds.
FLUSH_SECONDS = 2.0


def prepare() -> None:
    """Load the broker's client as the process starts: else the first event would wait for that."""
    tasks.deliver.app.producer_pool  # noqa: B018 - made as it is looked at


def send() -> None:
    """Wake a worker soon. Returns at once, whatever the broker does; many calls may be one wake."""
    _waker().wake()


class Waker:
    """
    Publish wakes from a thread of its own.

    A commit must not wait for the broker, and a hundred commits while one wake is being
    published need only one more.
    """

    def __init__(self) -> None:
        self.pid = os.getpid()
        self._wanted = threading.Event()
        #: How often somebody has asked since the last wake; no harm if one is not counted.
        self._asked = 0
        self._idle = threading.Event()
        self._idle.set()
        threading.Thread(target=self._publish_forever, name="waker", daemon=True).start()

    def wake(self) -> None:
        self._idle.clear()
        self._asked += 1
        self._wanted.set()

    def flush(self, timeout: float = FLUSH_SECONDS) -> None:
        """Wait until what was asked for has been published, or *timeout* seconds."""
        self._idle.wait(timeout)

    def _publish_forever(self) -> None:
        while self._wanted.wait():
            self._wanted.clear()
            asked, self._asked = self._asked, 0
            began = time.thread_time()
            publish()
            spent = time.thread_time() - began
            if not self._wanted.is_set():
                self._idle.set()
            time.sleep(min(asked * RESTS * spent, LONGEST_REST))


def publish() -> None:
    """Put one wake on the broker; one that is gone costs latency, never an exception."""
    try:
        tasks.deliver.apply_async(retry=False)
    except Exception as error:  # noqa: BLE001 - whatever is wrong with it, the sweep will find the work
        logger.warning("No wake was sent (%s); the sweep will find what is due.", type(error).__name__)


_lock = threading.Lock()
_current: Waker | None = None


def _waker() -> Waker:
    """Return this process's waker: a fork inherits the object but not its thread."""
    global _current  # noqa: PLW0603 - one a process
    with _lock:
        if _current is None or _current.pid != os.getpid():
            _current = Waker()
            atexit.register(_current.flush)
        return _current
