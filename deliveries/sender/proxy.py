"""
Through an egress proxy, where a network lets nothing else out.

We still look the name up, judge its addresses, and name the very address that was judged: the proxy
resolves nothing, so what holds without it holds with it. TLS goes through it end to end.
"""

import socket
from urllib.parse import urlsplit

from django.conf import settings

from deliveries.causes import Cause
from deliveries.sender.answer import STATUS_LINE, read_head
from deliveries.sender.outcome import SendError

#: What a proxy answers when it is the host that cannot be reached.
UNREACHABLE = {502, 503, 504}


def proxy() -> tuple[str, int] | None:
    """Return host and port of WEBHOOK_EGRESS_PROXY, if there is one."""
    if not settings.WEBHOOK_EGRESS_PROXY:
        return None
    parts = urlsplit(settings.WEBHOOK_EGRESS_PROXY)
    return str(parts.hostname), parts.port or 3128


def open_tunnel(connected: socket.socket, address: str, port: int) -> None:
    """
    Have the proxy at the other end of *connected* connect to *address*.

    Raises:
        SendError: it does not.

    """
    target = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
    connected.sendall(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode())
    try:
        status = STATUS_LINE.match(read_head(_Bytewise(connected)))
    except SendError:
        raise unusable("did not answer in HTTP") from None
    status_code = int(status[1]) if status else 0
    if status_code in UNREACHABLE:
        raise SendError(Cause.CONNECT, f"The host cannot be reached: our proxy was answered {status_code}.")
    if not 200 <= status_code < 300:
        raise unusable(f"answered {status_code}")


def unusable(what: str) -> SendError:
    """Say that the way out of our own network is closed."""
    return SendError(Cause.INTERNAL, f"Our own egress proxy {what}. Your endpoint has nothing to do with it.")


class _Bytewise:
    """Lines of what arrives, and not a byte more: the rest belongs to the tunnel."""

    def __init__(self, connected: socket.socket) -> None:
        self._connected = connected

    def readline(self, limit: int, /) -> bytes:
        line = b""
        while len(line) < limit and not line.endswith(b"\n") and (byte := self._connected.recv(1)):
            line += byte
        return line
