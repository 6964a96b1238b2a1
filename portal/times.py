"""Points in time in words that people use. Pure."""

from datetime import datetime

MINUTE, HOUR, DAY = 60, 3600, 86_400


def ago(moment: datetime, now: datetime) -> str:
    """
    Return how long ago *moment* was; beyond a day, its date.

    A moment that our clock has not reached yet counts as just now.
    """
    seconds = int((now - moment).total_seconds())
    if seconds < 5:
        return "just now"
    if seconds >= DAY:
        return day(moment, now)
    size, unit = next(
        (size, unit) for size, unit in ((HOUR, "h"), (MINUTE, "min"), (1, "s")) if seconds >= size
    )
    return f"{seconds // size} {unit} ago"


def day(moment: datetime, now: datetime) -> str:
    """Return the date of *moment*, with its year only when that is not the current one."""
    year = "" if moment.year == now.year else f" {moment.year}"
    return f"{moment.day} {moment:%b}{year}"


def exact(moment: datetime) -> str:
    """Return *moment* to the second, with its zone."""
    return f"{moment.day} {moment:%b %Y, %H:%M:%S %Z}"


def to_the_minute(moment: datetime) -> str:
    """Return *moment*, which is a whole minute, with its zone."""
    return f"{moment.day} {moment:%b %Y, %H:%M %Z}"
