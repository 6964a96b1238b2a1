"""Host names to addresses, within a bound of its own."""

import socket
from threading import local

import gevent
from gevent import Greenlet, Timeout
from gevent.threadpool import ThreadPool

from deliveries.causes import Cause
from deliveries.sender.outcome import SendError

#: Seconds for name resolution; without this, a silent name server takes 10 to 30.
DNS_DEADLINE = 3.0
#: Names that are looked up at once; further ones wait, within the same bound.
MAX_THREADS = 200

AddressInfo = tuple[socket.AddressFamily, socket.SocketKind, int, str, tuple[str, int]]
Name = tuple[str, int]
Answer = list[AddressInfo] | Exception


class Resolver(local):
    """
    Looks names up in threads beside the one that sends, because the look-up itself cannot be interrupted.

    Whoever asks for a name that is being looked up waits for the same answer: a silent name holds
    one thread, however many deliveries it is owed. Each thread that sends has its own.
    """

    def __init__(self) -> None:
        self._asked: dict[Name, Greenlet[..., Answer]] = {}
        self._threads: ThreadPool | None = None

    def look_up(self, host: str, port: int, timeout: float) -> list[AddressInfo]:
        """
        Return what `getaddrinfo` says of *host*.

        Raises:
            SendError: the answer takes longer than *timeout* seconds.
            socket.gaierror: there is none.

        """
        silent = SendError(
            Cause.DNS, f"The name servers of {host} did not answer within {timeout:.2g} seconds."
        )
        with Timeout(timeout, silent):
            answer = self._ask((host, port)).get()
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _ask(self, name: Name) -> "Greenlet[..., Answer]":
        if name not in self._asked:
            self._asked[name] = gevent.spawn(self._answer, name)
        return self._asked[name]

    def _answer(self, name: Name) -> Answer:
        if self._threads is None:
            self._threads = ThreadPool(MAX_THREADS)
        try:
            answer: Answer = self._threads.apply(_getaddrinfo, name)
        finally:
            # The next one asks anew: only who asked before the answer came shares it.
            del self._asked[name]
        return answer


def _getaddrinfo(host: str, port: int) -> Answer:
    """Return what went wrong rather than raise it, which gevent would print."""
    try:
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)  # type: ignore[return-value]
    except Exception as error:  # noqa: BLE001 - raised again where it was asked
        return error


RESOLVER = Resolver()
