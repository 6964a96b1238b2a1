"""What the counts of a webhook's hours say: rates, response times, days. Pure."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from webhooks.health import success_rate

#: Upper bounds in milliseconds by which response times are counted; the deadline is the last.
BOUNDS = (10, 20, 30, 50, 75, 100, 150, 200, 300, 500, 750, 1000, 2000, 5000, 10_000)

#: The columns that count them, as WebhookHour names them.
LATENCIES = tuple(f"ms_{bound}" for bound in BOUNDS)


def latency_column(duration_ms: int) -> int:
    """Return the place in LATENCIES that counts an answer after so many milliseconds."""
    return min(bisect_left(BOUNDS, duration_ms), len(BOUNDS) - 1)


class Period(NamedTuple):
    """How far back figures look."""

    name: str
    words: str
    #: How many days it has, today included; None: from the first.
    days: int | None

    def since(self, now: datetime) -> datetime | None:
        """Return when its first hour begins; a day is taken as 24 hours, longer periods begin at midnight."""
        if self.days is None:
            return None
        if self.days == 1:
            return now - timedelta(days=1)
        return now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=self.days - 1)


MONTH = Period("30d", "30 days", 30)
PERIODS = (Period("24h", "24 h", 1), Period("7d", "7 days", 7), MONTH, Period("all", "All time", None))


def period_called(name: str) -> Period:
    """Return the period of that name; 30 days when there is none."""
    return next((period for period in PERIODS if period.name == name), MONTH)


@dataclass(frozen=True, slots=True)
class Rate:
    """How many deliveries ended, and how many of them well."""

    succeeded: int = 0
    failed: int = 0

    @property
    def finished(self) -> int:
        return self.succeeded + self.failed

    @property
    def percentage(self) -> float | None:
        """The share that succeeded; None before the first ended."""
        return success_rate(succeeded=self.succeeded, failed=self.failed)


@dataclass(frozen=True, slots=True)
class Latency:
    """How fast an endpoint answers, as exactly as counting by BOUNDS can tell."""

    #: Milliseconds, estimated within the range that holds the middle answer.
    median: int
    #: Milliseconds that 95% of the answers stayed within: a bound, so it is certain.
    most: int
    answers: int


def latency(counts: Sequence[int]) -> Latency | None:
    """Return how fast the answers counted in *counts* were, one number a bound; None without any."""
    answers = sum(counts)
    if answers <= 0:
        return None
    return Latency(_estimate(counts, answers / 2), BOUNDS[_range_of(counts, 0.95 * answers)], answers)


def _range_of(counts: Sequence[int], rank: float) -> int:
    """Return the place in *counts* where the answer of that rank is counted."""
    below = 0
    for place, count in enumerate(counts):
        below += count
        if count and below >= rank:
            return place
    return len(counts) - 1


def _estimate(counts: Sequence[int], rank: float) -> int:
    """Return the duration of that rank, as if the answers of its range were spread evenly over it."""
    place = _range_of(counts, rank)
    low = BOUNDS[place - 1] if place else 0
    share = (rank - sum(counts[:place])) / counts[place]
    return round(low + share * (BOUNDS[place] - low))


@dataclass(frozen=True, slots=True)
class Day:
    """What came of the deliveries that ended on one day."""

    date: date
    rate: Rate


def days(rates: Mapping[date, Rate], *, today: date, count: int) -> list[Day]:
    """Return the last *count* days, oldest first, those without deliveries too."""
    dates = (today - timedelta(days=back) for back in reversed(range(count)))
    return [Day(date, rates.get(date, Rate())) for date in dates]
