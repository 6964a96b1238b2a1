"""What can come of a POST."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from deliveries.causes import Cause


class Phase(StrEnum):
    """The steps of a request, in their order."""

    DNS = "dns"
    CONNECT = "connect"
    TLS = "tls"
    SEND = "send"
    #: Until the answer's headers are complete.
    WAIT = "wait"

    @property
    def words(self) -> str:
        """What the time went into, for people."""
        return PHASES[self]


PHASES = {
    Phase.DNS: "Host name",
    Phase.CONNECT: "Connecting",
    Phase.TLS: "TLS",
    Phase.SEND: "Sending",
    Phase.WAIT: "Waiting for the answer",
}


@dataclass(frozen=True, slots=True)
class Response:
    """A complete answer, whatever its status."""

    status_code: int
    #: The body's first bytes as text.
    body: str = field(repr=False)
    #: How long each phase took, in milliseconds.
    phases: Mapping[Phase, int] = field(default_factory=dict)
    #: Where a redirect points to, with its query masked.
    location: str = ""


class SendError(Exception):
    """No complete answer came. `detail` is what the partner's developer reads."""

    def __init__(self, cause: Cause, detail: str) -> None:
        super().__init__(detail)
        self.cause = cause
        self.detail = detail
        #: How long each phase took, the last being the one that failed, in milliseconds.
        self.phases: Mapping[Phase, int] = {}
