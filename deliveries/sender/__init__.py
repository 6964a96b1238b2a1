"""One bounded POST."""

from collections.abc import Hashable, Mapping
from typing import Any
from urllib.parse import urlsplit

from requests import PreparedRequest
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict

from deliveries.sender.answer import read_location, read_text
from deliveries.sender.connection import OneRequest
from deliveries.sender.exchange import DEADLINE, Exchange
from deliveries.sender.outcome import Phase, Response, SendError

__all__ = ["DEADLINE", "Phase", "Response", "SendError", "post"]


def post(
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    deadline: float = DEADLINE,
    reuse_for: Hashable | None = None,
) -> Response:
    """
    POST *body* to *url* and return the answer, whose status and headers are complete.

    *url* has passed `check_url`; *headers* are sent as they are, with Host, Content-Length,
    Connection and Accept-Encoding added. All of it, from name resolution to the answer's last
    header, takes at most *deadline* seconds. A connection is used again only for the same
    *reuse_for*, which names a webhook, and where that cannot mix up answers; see kept.py.

    Raises:
        SendError: there was no complete answer, for the cause it names.

    """
    with Exchange(deadline, reuse_for=reuse_for) as exchange:
        answer = _ADAPTER.send(_BoundedRequest(url, headers, body, exchange), stream=True)
        location = read_location(answer.headers.get("Location", ""))
        return Response(answer.status_code, read_text(answer.raw), exchange.phases, location)


class _BoundedRequest(PreparedRequest):
    """A request that is prepared already, and knows its exchange."""

    def __init__(self, url: str, headers: Mapping[str, str], body: bytes, exchange: Exchange) -> None:
        super().__init__()
        self.method, self.url, self.body, self.exchange = "POST", url, body, exchange
        self.headers = CaseInsensitiveDict(headers)
        self.headers["Content-Length"] = str(len(body))
        # A compressed body would have to be unpacked, and may unpack to gigabytes.
        self.headers["Accept-Encoding"] = "identity"
        if exchange.reuse_for is None:
            self.headers["Connection"] = "close"


class _BoundedAdapter(HTTPAdapter):
    """
    The way from requests to the network, with nothing pooled and nothing read from the environment.

    There is no session above it, hence no cookies, no redirects, no proxies and no .netrc.
    """

    def get_connection_with_tls_context(self, request: Any, *_: Any, **__: Any) -> Any:
        parts = urlsplit(request.url)
        return OneRequest(parts.scheme, str(parts.hostname), parts.port, request.exchange)

    def cert_verify(self, *_: Any) -> None:
        """Leave it to the TLS context, which always verifies."""

    def request_url(self, request: PreparedRequest, *_: Any) -> str:
        """Return path and query byte for byte; requests would tidy them up."""
        url = str(request.url)
        target = url.partition("://")[2].removeprefix(urlsplit(url).netloc)
        return target if target.startswith("/") else f"/{target}"


_ADAPTER = _BoundedAdapter()
