"""When a failed delivery is tried again. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Waits in seconds, each from the end of one attempt to the start of the next."""

    waits: tuple[float, ...] = (1, 2, 4, 8, 16)

    def next_wait(self, attempts_made: int) -> float | None:
        """Return the wait after that many failed attempts; None when the delivery has failed."""
        return self.waits[attempts_made - 1] if attempts_made <= len(self.waits) else None

    @property
    def max_attempts(self) -> int:
        return len(self.waits) + 1

    @property
    def words(self) -> str:
        """The waits as people read them: "1, 2, 4, 8 and 16 s"."""
        *others, last = (f"{wait:g}" for wait in self.waits)
        return f"{', '.join(others)} and {last} s"


#: What partners were promised: "1s, 2s, 4s, 8s, 16s intervals" (partner-docs.md).
PROMISED = RetryPolicy()
