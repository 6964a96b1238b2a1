"""From a host name to a connection that carries one request."""

import select
from collections.abc import Hashable, Mapping
from contextlib import suppress
from functools import cache, partial
from time import monotonic
from typing import Any, cast

import certifi
from cryptography import x509
from gevent import Timeout, socket, ssl
from urllib3.connection import HTTPConnection
from urllib3.response import HTTPResponse

from deliveries.causes import Cause
from deliveries.sender import names
from deliveries.sender.answer import Answer, NoAnswer
from deliveries.sender.exchange import Exchange
from deliveries.sender.failures import certificate_fault
from deliveries.sender.kept import KEPT
from deliveries.sender.outcome import Phase, SendError
from deliveries.sender.proxy import open_tunnel, proxy, unusable
from webhooks.destinations import ForbiddenAddress, check_address

#: Addresses of one host that are tried.
MAX_ADDRESSES = 4


class OneRequest:
    """What stands where requests expects a pool of connections: the one for this request."""

    def __init__(self, scheme: str, host: str, port: int | None, exchange: Exchange) -> None:
        kind = TLSConnection if scheme == "https" else PlainConnection
        self._connect = partial(kind, host, port, exchange)
        self._exchange = exchange
        self._use = (exchange.reuse_for, scheme, host, port)

    def urlopen(
        self, *, method: str, url: str, body: bytes, headers: Mapping[str, str], **_: Any
    ) -> HTTPResponse:
        if kept := self._kept():
            # A server may close a connection just as it is used again. Nothing came back, so the
            # request goes out once more, under the same webhook-id.
            with suppress(NoAnswer):
                return self._talk(kept, method, url, body, headers)
        return self._talk(self._connect(), method, url, body, headers)

    def _kept(self) -> "PlainConnection | None":
        if self._exchange.reuse_for is None:
            return None
        return cast("PlainConnection | None", KEPT.take(self._use))

    def _talk(
        self, connection: "PlainConnection", method: str, url: str, body: bytes, headers: Mapping[str, str]
    ) -> HTTPResponse:
        self._exchange.on_end(partial(connection.rest, self._use))
        if connection.sock is not None:
            connection.use_again(self._exchange)
        connection.request(method, url, body, headers, preload_content=False, decode_content=False)
        return connection.getresponse()


class PlainConnection(HTTPConnection):
    """A connection to addresses that were checked; its failures are SendErrors."""

    answer: Answer | None = None
    is_reused = False

    def __init__(self, host: str, port: int | None, exchange: Exchange) -> None:
        # No time-outs of its sockets: the exchange has one for all that it waits for.
        super().__init__(host, port, timeout=None)
        self.exchange = exchange
        self.made_at = monotonic()
        self._unsent: list[bytes] = []

    def use_again(self, exchange: Exchange) -> None:
        """Carry another request."""
        self.exchange, self.is_reused = exchange, True

    def rest(self, use: Hashable) -> None:
        """Wait for another request if that is certain to be safe, else close."""
        if self.exchange.reuse_for is not None and self._has_ended_well and self.is_silent:
            KEPT.give(use, self)
        else:
            self.end()

    @property
    def is_silent(self) -> bool:
        """Whether nothing has arrived since the last answer, not even the connection's end."""
        arrived = select.poll()
        arrived.register(self.sock, select.POLLIN)
        return not arrived.poll(0)

    @property
    def _has_ended_well(self) -> bool:
        if self.answer is None or self.sock is None or not self.answer.leaves_nothing:
            return False
        self.answer.close()
        self.answer = None
        return True

    def end(self) -> None:
        """Close for good; close() may only mean that http.client has left the rest to the answer."""
        if self.answer is not None:
            self.answer.close()
        self.close()

    def response_class(self, sock: socket.socket, **kwargs: Any) -> Answer:  # type: ignore[override]
        """Return what http.client reads an answer with."""
        self.answer = Answer(sock, **kwargs)
        self.answer.may_be_missing = self.is_reused
        return self.answer

    def _new_conn(self) -> socket.socket:
        with self.exchange.during(Phase.DNS):
            addresses = public_addresses(self.host, self.port, self.exchange)
        with self.exchange.during(Phase.CONNECT):
            return reach(addresses, self.exchange)

    def request(self, *args: Any, **kwargs: Any) -> None:
        if self.sock is None:
            self.connect()
        # Who refuses a request may answer and close before having read all of it.
        early = suppress(BrokenPipeError, ConnectionResetError, ssl.SSLEOFError)
        with self.exchange.during(Phase.SEND), early:
            super().request(*args, **kwargs)
            whole = b"".join(self._unsent)
            self._unsent.clear()
            self.sock.sendall(whole)

    def send(self, data: Any) -> None:
        """Keep the parts of a request until it is complete."""
        self._unsent.append(data)

    def getresponse(self) -> HTTPResponse:  # type: ignore[override] # urllib3's own, as in its base
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
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(certifi.where())
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


def reach(addresses: list[names.AddressInfo], exchange: Exchange) -> socket.socket:
    """Connect to one of *addresses*, through the egress proxy if there is one."""
    if (way := proxy()) is None:
        return connect(addresses, exchange)
    try:
        through = connect(names.RESOLVER.look_up(*way, min(names.DNS_DEADLINE, exchange.left)), exchange)
    except (OSError, SendError):
        raise unusable("cannot be reached") from None
    address, port, *_ = addresses[0][4]
    try:
        open_tunnel(through, str(address), port)
    except BaseException:
        through.close()
        raise
    return through


def connect(addresses: list[names.AddressInfo], exchange: Exchange) -> socket.socket:
    """
    Connect to the first of *addresses* that accepts.

    Raises:
        OSError: none does; the first one's error.

    """
    errors = []
    tried = addresses[:MAX_ADDRESSES]
    for count, (family, kind, protocol, _, address) in enumerate(tried):
        connection = socket.socket(family, kind, protocol)
        connection.settimeout(exchange.left / (len(tried) - count))
        try:
            connection.connect(address)
        except OSError as error:
            connection.close()
            errors.append(error.with_traceback(None))
        except Timeout:
            connection.close()
            raise
        else:
            connection.settimeout(None)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return connection
    # An error that this function held while it is raised from it would keep itself alive.
    raise errors.pop(0) if errors else socket.gaierror(socket.EAI_NONAME, "no address")
