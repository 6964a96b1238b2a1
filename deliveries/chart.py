"""Days as bars. Pure geometry: the template draws it, the stylesheet colours it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from webhooks.figures import Day

#: The units of the drawing, which stretches to the width that is there.
WIDTH, HEIGHT = 900, 160
#: How much of a day's room its bar takes.
FILL = 0.62
#: Even one failure among thousands is seen.
LEAST_HEIGHT = 3.0
#: Between what was delivered and what failed.
GAP = 2.0

STEPS = (1, 2, 3, 4, 5, 6, 8, 10)


class Part(NamedTuple):
    """One colour of a bar."""

    tone: str
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Bar:
    """One day; *left* is where its room begins, *x* where it is drawn."""

    words: str
    left: float
    x: float
    width: float
    parts: list[Part]


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars of equal width below a line at *top*."""

    days: Sequence[Day]
    bars: list[Bar]
    top: int
    step: float
    words: str
    width: int = WIDTH
    height: int = HEIGHT

    @property
    def is_empty(self) -> bool:
        return not any(day.rate.finished for day in self.days)

    @property
    def labels(self) -> tuple[str, str, str]:
        """The first day, the middle one, and today."""
        return _name(self.days[0]), _name(self.days[len(self.days) // 2]), "Today"


def chart_of(days: Sequence[Day]) -> Chart:
    """Return the drawing of *days*, oldest first; at least one."""
    top, step = ceiling(max(day.rate.finished for day in days)), round(WIDTH / len(days), 2)
    bars = [_bar(day, left=round(place * step, 2), step=step, top=top) for place, day in enumerate(days)]
    delivered, failed = (sum(getattr(day.rate, name) for day in days) for name in ("succeeded", "failed"))
    words = f"Deliveries a day over {len(days)} days: {delivered:,} delivered, {failed:,} failed."
    return Chart(days, bars, top, step, words)


def ceiling(most: int) -> int:
    """Return the next round number from *most* on."""
    magnitude: int = 10 ** (len(str(most)) - 1)
    return next(step * magnitude for step in STEPS if step * magnitude >= most) if most else 1


def _bar(day: Day, *, left: float, step: float, top: int) -> Bar:
    words = f"{_name(day)}: {day.rate.succeeded:,} delivered, {day.rate.failed:,} failed"
    width = round(step * FILL, 2)
    return Bar(words, left, round(left + (step - width) / 2, 2), width, list(_parts(day, top)))


def _parts(day: Day, top: int) -> list[Part]:
    """Return what was delivered, from the ground up, and what failed on top of it."""
    parts: list[Part] = []
    floor = float(HEIGHT)
    for tone, count in (("good", day.rate.succeeded), ("bad", day.rate.failed)):
        if count:
            height = max(LEAST_HEIGHT, count / top * HEIGHT - (GAP if parts else 0))
            floor = max(0.0, floor - height - (GAP if parts else 0))
            parts.append(Part(tone, round(floor, 2), round(height, 2)))
    return parts


def _name(day: Day) -> str:
    return f"{day.date.day} {day.date:%b}"
