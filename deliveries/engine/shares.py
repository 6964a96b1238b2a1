"""How much of one process each webhook may use, so that nobody waits for a stranger. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from threading import Lock

#: An endpoint that took longer for its last answer, in seconds, is a slow one.
SLOW = 1.0

#: How many deliveries a webhook may have under way in one process: while its endpoint answers
#: quickly, and while it does not or nobody knows yet.
QUICK_SHARE, SLOW_SHARE = 64, 8

#: The part of all places that only webhooks with quick endpoints may use.
RESERVED = 1 / 4


def share(seconds: float | None) -> int:
    """Return how many deliveries a webhook may have under way whose last answer took so many *seconds*."""
    return QUICK_SHARE if seconds is not None and seconds < SLOW else SLOW_SHARE


@dataclass(frozen=True, slots=True)
class Rooms:
    """How many more deliveries each webhook or partner may start, and how many each that is not named."""

    named: Mapping[int, int]
    others: int

    def __getitem__(self, key: int) -> int:
        return self.named.get(key, self.others)

    @property
    def hold_back(self) -> bool:
        """Whether somebody has no room."""
        return not all(self.named.values())

    def are_used_by(self, keys: Iterable[int]) -> bool:
        """Tell whether somebody has no room left when there is a delivery for each of *keys*."""
        return self.hold_back or any(count >= self[key] for key, count in Counter(keys).items())


#: Room for as many as there are.
ROOMY = Rooms({}, others=1_000_000)


class Shares:
    """
    Counts what is under way by webhook, and learns from each answer how quick its endpoint is.

    One thread may take while another gives back.
    """

    def __init__(self, *, places: int, quick: int = QUICK_SHARE, slow: int = SLOW_SHARE) -> None:
        self._places = places
        self._quick_share, self._slow_share = quick, slow
        self._under_way: Counter[int] = Counter()
        self._quick: set[int] = set()
        self._full: set[int] = set()
        self._lock = Lock()

    @property
    def free(self) -> int:
        """How many more deliveries may be under way at all."""
        with self._lock:
            return self._places - self._under_way.total()

    @property
    def any_under_way(self) -> bool:
        return bool(self._under_way)

    def is_quick(self, webhook: int) -> bool:
        """Tell whether the endpoint of *webhook* answered quickly the last time."""
        return webhook in self._quick

    def room(self, webhook: int) -> int:
        """Return how many more deliveries of *webhook* may be under way."""
        share = self._quick_share if self.is_quick(webhook) else self._slow_share
        return max(0, share - self._under_way[webhook])

    @property
    def full(self) -> list[int]:
        """The webhooks that have no room left."""
        return list(self._full)

    @property
    def only(self) -> set[int] | None:
        """The webhooks that may still be claimed for when places run low; None while all may."""
        return self._quick if self.free < self._places * RESERVED else None

    @property
    def rooms(self) -> Rooms:
        """What each webhook has room for, as far as places go round."""
        used = {webhook: self.room(webhook) for webhook in list(self._under_way)}
        if (only := self.only) is None:
            return Rooms(used, others=self._quick_share)
        return Rooms({key: used.get(key, self._quick_share) for key in list(only)}, others=0)

    def take(self, webhooks: Iterable[int]) -> None:
        with self._lock:
            taken = Counter(webhooks)
            self._under_way.update(taken)
            self._full.update(webhook for webhook in taken if not self.room(webhook))

    def give_back(self, webhook: int, *, seconds: float) -> None:
        """Note that a delivery of *webhook* has ended after so many *seconds*."""
        with self._lock:
            self._under_way[webhook] -= 1
            if not self._under_way[webhook]:
                del self._under_way[webhook]
            (self._quick.add if seconds < SLOW else self._quick.discard)(webhook)
            (self._full.discard if self.room(webhook) else self._full.add)(webhook)
