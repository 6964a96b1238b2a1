"""One request and its answer, against the clock."""

from collections.abc import Callable, Hashable, Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPException
from time import monotonic
from typing import Self

from gevent import Timeout
from urllib3.exceptions import HTTPError

from deliveries.causes import Cause
from deliveries.sender.failures import failure
from deliveries.sender.outcome import Phase, SendError

#: Seconds for everything up to the answer's last header.
DEADLINE = 10.0

DOING = {
    Phase.DNS: "looking up the host name",
    Phase.CONNECT: "connecting",
    Phase.TLS: "waiting for the TLS handshake",
    Phase.SEND: "sending the request",
    Phase.WAIT: "waiting for the answer's headers",
}


class Exchange:
    """
    Bounds a request in time, names what went wrong, and cleans up at its end.

    A time-out on a socket bounds each wait, not their sum: an endpoint that sends a byte now and then is
    never late. Hence one for everything, which ends whatever is being waited for.
    """

    def __init__(self, deadline: float, *, reuse_for: Hashable | None = None) -> None:
        self.deadline = deadline
        #: What a connection may be used for again; None for a connection of its own.
        self.reuse_for = reuse_for
        self.ends_at = monotonic() + deadline
        self.phases: dict[Phase, int] = {}
        self._at_end = ExitStack()
        self._timeout = Timeout(deadline)

    def __enter__(self) -> Self:
        self._timeout.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timeout.close()
        # It was raised through frames that hold this exchange, which holds it.
        self._timeout.__traceback__ = None
        self._at_end.close()

    @property
    def left(self) -> float:
        """Return the seconds left, never quite none: to a socket 0 means something else."""
        return max(self.ends_at - monotonic(), 0.001)

    @property
    def is_over(self) -> bool:
        return monotonic() >= self.ends_at

    def on_end(self, callback: Callable[[], object]) -> None:
        self._at_end.callback(callback)

    @contextmanager
    def during(self, phase: Phase) -> Iterator[None]:
        """Time a phase, and turn whatever goes wrong in it into a SendError."""
        began = monotonic()
        try:
            yield
            error: BaseException | None = None
        except (SendError, HTTPError, HTTPException, OSError, ValueError, Timeout) as caught:
            error = caught
        self.phases[phase] = round((monotonic() - began) * 1000)
        # A thread that was kept from running may read in time what came too late: the clock decides.
        if self.is_over or isinstance(error, (TimeoutError, Timeout)):
            error = self._timed_out(phase)
        if error is None:
            return
        try:
            # The cause itself is not shown: it may quote a header's value.
            raise self._named(phase, error) from None
        finally:
            # Else it would keep itself alive, and this exchange, until somebody looks for garbage.
            error = None

    def _timed_out(self, phase: Phase) -> SendError:
        return SendError(
            Cause.TIMEOUT,
            f"No complete answer within {self.deadline:g} seconds: timed out while {DOING[phase]}.",
        )

    def _named(self, phase: Phase, error: BaseException) -> SendError:
        named = error if isinstance(error, SendError) else failure(phase, error)
        named.phases = self.phases
        return named
