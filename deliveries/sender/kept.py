"""
Connections that may carry another request.

An answer belongs to its own request: a connection serves one webhook only, and is kept only when
its last answer was final, had one unmistakable length, was read to its end, and left nothing on the
wire. Whatever arrives on it while it rests ends it.
"""

from collections import OrderedDict
from collections.abc import Hashable
from threading import local
from time import monotonic
from typing import Protocol

#: Seconds that a connection may rest; many servers close theirs after five.
MAX_REST = 4.0
#: Seconds after which the host is looked up, checked and verified anew.
MAX_AGE = 60.0
#: Connections that rest at once, in one process.
MAX_KEPT = 256


class Keepable(Protocol):
    """A connection that knows when it was made and whether anything has arrived on it."""

    made_at: float

    @property
    def is_silent(self) -> bool: ...

    def end(self) -> None: ...


class Kept(local):
    """
    Resting connections, by what they may be used for; the one that rested longest goes first.

    Each thread has its own, for a connection belongs to the event loop of the thread that made it.
    """

    def __init__(self) -> None:
        self._resting: OrderedDict[int, tuple[Hashable, float, Keepable]] = OrderedDict()
        self._by_use: dict[Hashable, list[int]] = {}

    def give(self, use: Hashable, connection: Keepable) -> None:
        """Keep *connection* for *use*."""
        self._resting[id(connection)] = (use, monotonic(), connection)
        self._by_use.setdefault(use, []).append(id(connection))
        self.close_stale()

    def take(self, use: Hashable) -> Keepable | None:
        """Return a connection for *use* that is fit for another request, if there is one."""
        while connection := self._pop(use):
            if connection.is_silent and monotonic() - connection.made_at < MAX_AGE:
                return connection
            connection.end()
        return None

    def close_stale(self) -> None:
        """Close those that have rested too long, or are too many; servers can use the places."""
        for each in self._drop_stale():
            each.end()

    def _pop(self, use: Hashable) -> Keepable | None:
        self.close_stale()
        keys = self._by_use.get(use)
        return self._remove(keys[0]) if keys else None

    def _drop_stale(self) -> list[Keepable]:
        """Forget those that have rested too long, or are too many."""
        dropped = []
        oldest_allowed = monotonic() - MAX_REST
        while self._resting:
            key, (_, since, _) = next(iter(self._resting.items()))
            if since > oldest_allowed and len(self._resting) <= MAX_KEPT:
                break
            dropped.append(self._remove(key))
        return dropped

    def _remove(self, key: int) -> Keepable:
        use, _, connection = self._resting.pop(key)
        self._by_use[use].remove(key)
        if not self._by_use[use]:
            del self._by_use[use]
        return connection


KEPT = Kept()
