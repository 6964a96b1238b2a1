"""How quickly one partner's deliveries are started while others have some too. Pure."""

from collections import Counter
from collections.abc import Callable, Iterable
from time import monotonic

from deliveries.engine.shares import ROOMY, Rooms

#: Deliveries of one partner that a process starts a second, and at once, while it serves others too.
RATE, BURST = 400, 8

#: How long after a delivery its partner counts as one that is served, in seconds.
RECENT = 60.0


class Pace:
    """
    Holds back a partner that would use up a process which others need too.

    For each it knows until when what was started would last at its rate (the generic cell rate algorithm,
    ITU-T I.371). Whoever is alone is neither held back nor counted.
    """

    def __init__(
        self, *, rate: int = RATE, burst: int = BURST, clock: Callable[[], float] = monotonic
    ) -> None:
        self._rate, self._burst, self._clock = rate, burst, clock
        self._lasts_until: dict[int, float] = {}
        self._latest: int | None = None
        self._shared_until = float("-inf")

    def take(self, partners: Iterable[int]) -> None:
        """Count a delivery for each of *partners* that is started now."""
        now = self._clock()
        for partner, count in Counter(partners).items():
            if self._latest not in (None, partner):
                self._shared_until = now + RECENT
            self._latest = partner
            if now < self._shared_until:
                lasts_until = max(now, self._lasts_until.get(partner, now))
                self._lasts_until[partner] = lasts_until + count / self._rate

    def room(self, partner: int | None = None) -> int:
        """Return how many deliveries of *partner*, or of one that has started none, may be started now."""
        now = self._clock()
        if now >= self._shared_until:
            return ROOMY.others
        ahead = 0.0 if partner is None else max(0.0, self._lasts_until.get(partner, now) - now)
        return max(0, self._burst - round(ahead * self._rate))

    @property
    def rooms(self) -> Rooms:
        """What each partner may start now."""
        now = self._clock()
        self._lasts_until = {key: until for key, until in self._lasts_until.items() if until > now}
        return Rooms({key: self.room(key) for key in self._lasts_until}, others=self.room())
