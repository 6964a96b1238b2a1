"""The sender against real sockets and real TLS, on loopback."""

import socket
from collections.abc import Callable

from deliveries.sender import Response, SendError, names, post
from tests import behaviours

HOST = behaviours.HOST
HEADERS = {"Content-Type": "application/json", "User-Agent": "Cr3dentials-Webhooks/1"}
BODY = b'{"type":"verification.completed"}'
#: Seconds for endpoints that are expected not to answer in time, and for all others.
SHORT, LONG = 0.9, 8.0

Resolve = Callable[..., list[names.AddressInfo]]


def addresses(*ips: str) -> Resolve:
    """Return a getaddrinfo that knows these addresses only."""

    def getaddrinfo(_host: str, port: int, **_: object) -> list[names.AddressInfo]:
        return [
            (socket.AF_INET6 if ":" in ip else socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port))
            for ip in ips
        ]

    return getaddrinfo


def attempt(url: str, *, body: bytes = BODY, deadline: float = LONG) -> Response | SendError:
    """POST, and return what comes of it, good or bad."""
    try:
        return post(url, HEADERS, body, deadline=deadline)
    except SendError as error:
        return error


def failed(url: str, *, body: bytes = BODY, deadline: float = LONG) -> SendError:
    """POST, and return the failure that must come of it."""
    outcome = attempt(url, body=body, deadline=deadline)
    assert isinstance(outcome, SendError), outcome
    return outcome
