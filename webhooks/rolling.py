"""Rolling a signing secret: which secrets there are at a time, and until when the old one signs. Pure."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from portal import times

MINUTE = timedelta(minutes=1)


class Overlap(StrEnum):
    """How long the old secret goes on signing beside the new one."""

    #: For receivers that are changed by other people.
    WEEK = "7d"
    #: For receivers that are deployed every day.
    DAY = "24h"
    #: For a secret that has leaked: the old one stops at once.
    NONE = "none"

    @property
    def length(self) -> timedelta:
        return LENGTHS[self]

    @property
    def words(self) -> str:
        """Say it in the trail and to people."""
        return WORDS[self]


LENGTHS = {Overlap.WEEK: timedelta(days=7), Overlap.DAY: timedelta(days=1), Overlap.NONE: timedelta()}
WORDS = {
    Overlap.WEEK: "7 days of overlap",
    Overlap.DAY: "24 hours of overlap",
    Overlap.NONE: "without overlap",
}


class SameSecretError(ValueError):
    """The secret that was typed signs already."""

    def __init__(self) -> None:
        super().__init__("This is the secret that signs already. Type another one.")


class OverlapError(ValueError):
    """An overlap cannot begin while another one is under way."""

    def __init__(self, ends_at: datetime) -> None:
        super().__init__(
            f"Two secrets sign until {times.to_the_minute(ends_at)}. End that overlap first, "
            "or choose no overlap: then both stop signing now."
        )


def overlaps(ends_at: datetime | None, *, at: datetime) -> bool:
    """Tell whether an overlap that ends at *ends_at*, if there is one at all, is under way."""
    return ends_at is not None and at < ends_at


@dataclass(frozen=True, slots=True)
class Secrets:
    """The secrets of one webhook: the one to use, and the old one, which signs until *ends_at*."""

    current: str = field(repr=False)
    previous: str | None = field(default=None, repr=False)
    ends_at: datetime | None = None

    def old_at(self, moment: datetime) -> str | None:
        """Return the old secret while it still signs."""
        return self.previous if overlaps(self.ends_at, at=moment) else None

    def rolled(self, *, to: str, overlap: Overlap, at: datetime) -> "Secrets":
        """
        Return what there is once *to* is the current secret.

        An overlap ends at a whole minute, so that people can be told exactly when.

        Raises:
            SameSecretError: *to* is the current one already.
            OverlapError: another overlap is under way; a third secret would leave receivers of the
                oldest in the dark. Without *overlap* it is allowed: all stop but the new one.

        """
        if to == self.current:
            raise SameSecretError
        if overlap is Overlap.NONE:
            return Secrets(to)
        if self.ends_at is not None and overlaps(self.ends_at, at=at):
            raise OverlapError(self.ends_at)
        return Secrets(to, previous=self.current, ends_at=_whole_minute(at + overlap.length))

    def overlap_ended(self) -> "Secrets":
        """Return what there is once only the current one signs."""
        return Secrets(self.current)


def _whole_minute(moment: datetime) -> datetime:
    """Return *moment*, or the next whole minute after it."""
    begun = moment.replace(second=0, microsecond=0)
    return begun if begun == moment else begun + MINUTE
