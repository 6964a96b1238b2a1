"""
Shuts sockets down at their deadline.

A time-out on a socket bounds each wait, not their sum: an endpoint that sends a byte now and then
is never late. Nor does closing the socket wake the thread that waits for it; a shutdown does.
"""

import os
import socket
from collections.abc import Callable
from contextlib import suppress
from heapq import heappop, heappush
from itertools import count
from threading import Condition, Thread
from time import monotonic


class _Watched:
    """A socket until it is released; its own descriptor survives that of the TLS socket around it."""

    def __init__(self, connected: socket.socket) -> None:
        self.socket: socket.socket | None = connected.dup()

    def release(self) -> None:
        watched, self.socket = self.socket, None
        if watched is not None:
            watched.close()

    def shut_down(self) -> None:
        # It may have been closed by the other side already.
        with suppress(OSError):
            if self.socket is not None:
                self.socket.shutdown(socket.SHUT_RDWR)
        self.release()


class Watchdog:
    """One thread for all sockets of a process; it sleeps until the first deadline."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Begin anew: a forked child has none of its parent's threads."""
        self._changed = Condition()
        self._heap: list[tuple[float, int, _Watched]] = []
        self._numbers = count()
        self._thread: Thread | None = None

    def watch(self, connected: socket.socket, ends_at: float) -> Callable[[], None]:
        """
        Shut *connected* down at *ends_at* (by `time.monotonic`).

        Returns what ends the watch; call it in any case.

        """
        watched = _Watched(connected)
        with self._changed:
            heappush(self._heap, (ends_at, next(self._numbers), watched))
            if self._thread is None:
                self._thread = Thread(target=self._run, name="watchdog", daemon=True)
                self._thread.start()
            if self._heap[0][2] is watched:
                self._changed.notify()
        return lambda: self._release(watched)

    def _release(self, watched: _Watched) -> None:
        with self._changed:
            watched.release()

    def _run(self) -> None:
        with self._changed:
            while True:
                self._changed.wait(self._bite())

    def _bite(self) -> float | None:
        """Shut down what is due and return the seconds until the next is."""
        while self._heap:
            ends_at, _, watched = self._heap[0]
            wait = ends_at - monotonic()
            if wait > 0 and watched.socket is not None:
                return wait
            heappop(self._heap)
            watched.shut_down()
        return None


WATCHDOG = Watchdog()
os.register_at_fork(after_in_child=WATCHDOG.reset)
