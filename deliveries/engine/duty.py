"""How much of the processor's time a process uses while its work can wait. Pure but for its clocks."""

from collections.abc import Callable
from time import monotonic, process_time

#: The part of a processor's time that a process uses at most while there is work that can wait.
MOST = 0.5


class DutyCycle:
    """
    Says when to go on with work that can wait, so that who cannot wait finds the process at leisure.

    How long a step takes depends on the machine and on who else uses it; hence steps are not counted, but
    the processor's time is. What else the process does meanwhile counts, too.
    """

    def __init__(
        self,
        *,
        longest: float,
        most: float = MOST,
        clock: Callable[[], float] = monotonic,
        spent: Callable[[], float] = process_time,
    ) -> None:
        """Rest at most *longest* seconds; *clock* tells which have passed, *spent* which were used."""
        self._longest, self._most, self._clock, self._spent = longest, most, clock, spent
        self._began = self._spent_before = float("-inf")

    def begin(self) -> None:
        """Begin a step."""
        self._began, self._spent_before = self._clock(), self._spent()

    @property
    def has_rested(self) -> bool:
        """Whether the next step may begin."""
        passed = self._clock() - self._began
        return passed >= self._longest or self._spent() - self._spent_before <= self._most * passed
