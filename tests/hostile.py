"""
Endpoints on loopback that do what real ones do on bad days, and what hostile ones do on purpose.

`serving(behaviour)` runs a server; `behaviour` is called with each connection's Talk in a thread of
its own. With `tls=` the talk is encrypted; a behaviour can also keep to bare TCP and play TLS itself.
"""

import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

#: Seconds between two bytes of what drips.
DRIP = 0.02
#: Seconds after which even a hanging endpoint hangs up, should a test forget it.
PATIENCE = 20

#: Wherever a behaviour says so, the server says its own token, which is as long.
TOKEN = b"<token!>"

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Talk:
    """One connection to the server."""

    def __init__(self, connection: socket.socket, server: "Server", stop: threading.Event) -> None:
        self.connection = connection
        self.server = server
        self.stop = stop

    def read_request(self) -> None:
        """Read headers and body of one request."""
        data = b""
        while b"\r\n\r\n" not in data:
            data += self._read()
        head, _, body = data.partition(b"\r\n\r\n")
        length = next(
            int(line.split(b":")[1])
            for line in head.split(b"\r\n")
            if line.lower().startswith(b"content-length:")
        )
        while len(body) < length:
            body += self._read()
        self.server.requests.append(head + b"\r\n\r\n" + body)

    def _read(self) -> bytes:
        data = self.connection.recv(65_536)
        if not data:
            raise ConnectionResetError
        return data

    def send(self, *parts: bytes) -> None:
        for part in parts:
            self.connection.sendall(part.replace(TOKEN, self.server.token))

    def drip(self, data: bytes) -> None:
        for byte in data:
            self.send(bytes([byte]))
            if self.stop.wait(DRIP):
                return

    def repeat(self, data: bytes, *, every: float = 0.0) -> None:
        """Send *data* again and again, for ever."""
        while not self.stop.wait(every):
            self.send(data)

    def send_later(self, data: bytes, *, after: float = 0.8) -> None:
        if not self.stop.wait(after):
            self.send(data)

    def read_slowly(self) -> None:
        while not self.stop.wait(DRIP):
            self.connection.recv(10)

    def hang(self) -> None:
        self.stop.wait(PATIENCE)

    def reset(self) -> None:
        """Close with RST instead of FIN, once what was sent has been read: some systems drop it else."""
        self.stop.wait(0.05)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()


Behaviour = Callable[[Talk], object]


@dataclass
class Server:
    """A running server, and what it has seen."""

    port: int
    connections: int = 0
    requests: list[bytes] = field(default_factory=list)
    names: list[str | None] = field(default_factory=list)

    @property
    def token(self) -> bytes:
        """What no other server says."""
        return b"tok%05d" % self.port


@contextmanager
def serving(behaviour: Behaviour, *, tls: ssl.SSLContext | None = None) -> Iterator[Server]:
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0), backlog=300) as listener:
        server = Server(listener.getsockname()[1])
        if tls is not None:
            tls.sni_callback = lambda _, name, __: server.names.append(name)
        accepting = threading.Thread(target=_accept, args=(listener, server, behaviour, tls, stop))
        accepting.start()
        try:
            yield server
        finally:
            stop.set()
            listener.shutdown(socket.SHUT_RDWR)
            accepting.join()


def _accept(
    listener: socket.socket,
    server: Server,
    behaviour: Behaviour,
    tls: ssl.SSLContext | None,
    stop: threading.Event,
) -> None:
    talks = []
    with suppress(OSError):
        while True:
            connection, _ = listener.accept()
            server.connections += 1
            talks.append(threading.Thread(target=_talk, args=(connection, server, behaviour, tls, stop)))
            talks[-1].start()
    for talk in talks:
        talk.join()


def _talk(
    connection: socket.socket,
    server: Server,
    behaviour: Behaviour,
    tls: ssl.SSLContext | None,
    stop: threading.Event,
) -> None:
    connection.settimeout(PATIENCE)
    with suppress(OSError, ValueError), connection:
        if tls is None:
            behaviour(Talk(connection, server, stop))
            return
        with tls.wrap_socket(connection, server_side=True) as encrypted:
            behaviour(Talk(encrypted, server, stop))


def answering(*parts: bytes, then: Behaviour | None = None) -> Behaviour:
    """Read the request, answer with *parts*, go on with *then* or close."""

    def behave(talk: Talk) -> None:
        talk.read_request()
        talk.send(*parts)
        if then is not None:
            then(talk)

    return behave


def dripping(data: bytes, *, after: bytes = b"") -> Behaviour:
    """Read the request, answer with *after* at once and with *data* byte by byte."""
    return answering(after, then=lambda talk: talk.drip(data))


def repeating(data: bytes, *, after: bytes = b"", every: float = 0.0) -> Behaviour:
    """Read the request, answer with *after* and then with *data*, for ever."""
    return answering(after, then=lambda talk: talk.repeat(data, every=every))
