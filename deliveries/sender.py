"""One bounded POST."""

from collections.abc import Mapping
from dataclasses import dataclass

from deliveries.causes import Cause


@dataclass(frozen=True, slots=True)
class Response:
    """A complete answer, whatever its status."""

    status_code: int
    #: The body's first bytes as text.
    body: str


class SendError(Exception):
    """No complete answer came. `detail` is what the partner's developer reads."""

    def __init__(self, cause: Cause, detail: str) -> None:
        super().__init__(detail)
        self.cause = cause
        self.detail = detail


def post(url: str, headers: Mapping[str, str], body: bytes) -> Response:
    """
    POST *body* to *url* and return the answer.

    Raises:
        SendError: there was no complete answer, for the cause it names.

    """
    raise NotImplementedError
