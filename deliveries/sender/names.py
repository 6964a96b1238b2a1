"""Host names to addresses, within a bound of its own."""

import os
import socket
from concurrent.futures import Future
from queue import SimpleQueue
from threading import Lock, Thread

from deliveries.causes import Cause
from deliveries.sender.outcome import SendError

#: Seconds for name resolution; without this, a silent name server takes 10 to 30.
DNS_DEADLINE = 3.0
#: Names that are looked up at once; further ones wait, within the same bound.
MAX_THREADS = 200

AddressInfo = tuple[socket.AddressFamily, socket.SocketKind, int, str, tuple[str, int]]
Name = tuple[str, int]
Answer = Future[list[AddressInfo]]


class Resolver:
    """
    Looks names up in threads of its own, because the look-up itself cannot be interrupted.

    Whoever asks for a name that is being looked up waits for the same answer: a silent name holds
    one thread, however many deliveries it is owed.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Begin anew: a forked child has none of its parent's threads."""
        self._lock = Lock()
        self._asked: dict[Name, Answer] = {}
        self._questions: SimpleQueue[tuple[Name, Answer]] = SimpleQueue()
        self._threads = 0

    def look_up(self, host: str, port: int, timeout: float) -> list[AddressInfo]:
        """
        Return what `getaddrinfo` says of *host*.

        Raises:
            SendError: the answer takes longer than *timeout* seconds.
            socket.gaierror: there is none.

        """
        try:
            return self._ask((host, port)).result(timeout)
        except TimeoutError:
            raise SendError(
                Cause.DNS, f"The name servers of {host} did not answer within {timeout:.2g} seconds."
            ) from None

    def _ask(self, name: Name) -> Answer:
        with self._lock:
            if asked := self._asked.get(name):
                return asked
            answer = self._asked[name] = Answer()
            self._questions.put((name, answer))
            if self._threads < min(len(self._asked), MAX_THREADS):
                self._threads += 1
                # A daemon: nobody who stops this process waits for a silent name server.
                Thread(target=self._run, name=f"resolver-{self._threads}", daemon=True).start()
        return answer

    def _run(self) -> None:
        while True:
            self._answer(*self._questions.get())

    def _answer(self, name: Name, answer: Answer) -> None:
        try:
            addresses = socket.getaddrinfo(*name, type=socket.SOCK_STREAM)
        except Exception as error:  # noqa: BLE001 - raised again where it was asked
            self._forget(name)
            answer.set_exception(error)
        else:
            self._forget(name)
            answer.set_result(addresses)  # type: ignore[arg-type]

    def _forget(self, name: Name) -> None:
        """Let the next one ask anew: only who asked before the answer came shares it."""
        with self._lock:
            del self._asked[name]


RESOLVER = Resolver()
os.register_at_fork(after_in_child=RESOLVER.reset)
