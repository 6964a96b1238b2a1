"""From a host name to a connection that carries one request."""

import socket
import ssl
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from typing import Any

import certifi
from cryptography import x509
from urllib3.connection import HTTPConnection
from urllib3.response import HTTPResponse

from deliveries.causes import Cause
from deliveries.sender import names
from deliveries.sender.answer import Answer
from deliveries.sender.exchange import Exchange
from deliveries.sender.failures import certificate_fault
from deliveries.sender.outcome import Phase, SendError
from webhooks.destinations import ForbiddenAddress, check_address

#: Addresses of one host that are tried.
MAX_ADDRESSES = 4


class OneRequest:
    """What stands where requests expects a pool of connections: one, for this request only."""

    def __init__(self, scheme: str, host: str, port: int | None, exchange: Exchange) -> None:
        kind = TLSConnection if scheme == "https" else PlainConnection
        self._connection = kind(host, port, exchange)
        exchange.on_end(self._connection.close)

    def urlopen(
        self, *, method: str, url: str, body: bytes, headers: Mapping[str, str], **_: Any
    ) -> HTTPResponse:
        self._connection.request(method, url, body, headers, preload_content=False, decode_content=False)
        return self._connection.getresponse()


class PlainConnection(HTTPConnection):
    """A connection to addresses that were checked; its failures are SendErrors."""

    response_class = Answer

    def __init__(self, host: str, port: int | None, exchange: Exchange) -> None:
        super().__init__(host, port, timeout=exchange.left)
        self.exchange = exchange

    def _new_conn(self) -> socket.socket:
        with self.exchange.during(Phase.DNS):
            addresses = public_addresses(self.host, self.port, self.exchange)
        with self.exchange.during(Phase.CONNECT):
            return connect(addresses, self.exchange)

    def request(self, *args: Any, **kwargs: Any) -> None:
        self.connect()
        # Who refuses a request may answer and close before having read all of it.
        early = suppress(BrokenPipeError, ConnectionResetError, ssl.SSLEOFError)
        with self.exchange.during(Phase.SEND), early:
            super().request(*args, **kwargs)

    def getresponse(self) -> HTTPResponse:  # type: ignore[override] # as urllib3 does
        with self.exchange.during(Phase.WAIT):
            return super().getresponse()


class TLSConnection(PlainConnection):
    """The same, encrypted, with the host's certificate verified."""

    default_port = 443  # type: ignore[misc] # as urllib3 does

    def connect(self) -> None:
        super().connect()
        with self.exchange.during(Phase.TLS):
            self.sock = tls = tls_context().wrap_socket(
                self.sock, server_hostname=self.host, do_handshake_on_connect=False
            )
            try:
                tls.do_handshake()
            except ssl.SSLCertVerificationError as error:
                raise certificate_fault(error, self.host, presented_certificate(tls)) from None


@cache
def tls_context() -> ssl.SSLContext:
    """Return what verifies certificates: TLS 1.2 or newer, the public authorities that certifi knows."""
    context = ssl.create_default_context(cafile=certifi.where())
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    return context


def presented_certificate(tls: ssl.SSLSocket) -> x509.Certificate | None:
    """Return the certificate that failed; public from Python 3.13 on, where it has the same name."""
    try:
        chain = tls._sslobj.get_unverified_chain()  # type: ignore[attr-defined]  # noqa: SLF001
        return x509.load_pem_x509_certificate(chain[0].public_bytes().encode())
    except (AttributeError, IndexError, TypeError, ValueError):
        return None


def public_addresses(host: str, port: int, exchange: Exchange) -> list[names.AddressInfo]:
    """
    Return the addresses of *host*, looked up once.

    Raises:
        SendError: there are none, or a single one of them is not public.

    """
    timeout = min(names.DNS_DEADLINE, exchange.left)
    addresses = names.RESOLVER.look_up(host, port, timeout)
    try:
        for *_, (address, *_) in addresses:
            check_address(str(address))
    except ForbiddenAddress:
        # Which one it is would tell a stranger about our network.
        raise SendError(
            Cause.FORBIDDEN_ADDRESS, f"{host} resolves to an address that is not on the public internet."
        ) from None
    return addresses


def connect(addresses: list[names.AddressInfo], exchange: Exchange) -> socket.socket:
    """
    Connect to the first of *addresses* that accepts, and watch the connection.

    Raises:
        OSError: none does; the first one's error.

    """
    errors = []
    tried = addresses[:MAX_ADDRESSES]
    for count, (family, kind, protocol, _, address) in enumerate(tried):
        connection = socket.socket(family, kind, protocol)
        exchange.on_end(connection.close)
        connection.settimeout(exchange.left / (len(tried) - count))
        try:
            connection.connect(address)
        except OSError as error:
            errors.append(error)
            continue
        connection.settimeout(exchange.left)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        exchange.watch(connection)
        return connection
    raise errors[0] if errors else socket.gaierror(socket.EAI_NONAME, "no address")
