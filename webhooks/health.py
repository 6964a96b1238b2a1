"""Recent attempts to health, counts to a success rate. Pure."""

from enum import StrEnum

#: How many of the latest attempts count.
WINDOW = 20

SUCCESS, FAILURE = "s", "f"


class Health(StrEnum):
    #: Every one of the recent attempts succeeded.
    GREEN = "green"
    #: At least one of the recent attempts failed.
    YELLOW = "yellow"
    #: Deactivated by failures, or the last three attempts failed.
    RED = "red"
    #: Nothing has been attempted yet.
    NONE = "none"


def health(outcomes: str, *, deactivated: bool) -> Health:
    """
    Judge a webhook by its recent *outcomes*, oldest first, one letter an attempt.

    Source: the shared design's health rule, which makes partner-docs' three colours exact.
    """
    recent = outcomes[-WINDOW:]
    if deactivated or recent.endswith(FAILURE * 3):
        return Health.RED
    if FAILURE in recent:
        return Health.YELLOW
    return Health.GREEN if recent else Health.NONE


def remember(outcomes: str, *, succeeded: bool) -> str:
    """Append one attempt to the recent outcomes and forget what has left the window."""
    return (outcomes + (SUCCESS if succeeded else FAILURE))[-WINDOW:]


def success_rate(*, succeeded: int, failed: int) -> float | None:
    """Return the percentage of finished deliveries that succeeded; None before the first."""
    finished = succeeded + failed
    return 100 * succeeded / finished if finished else None
