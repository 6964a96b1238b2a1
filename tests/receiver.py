"""A partner's endpoint inside the test process: it records what arrives and answers as it is told."""

import threading
import time
from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self


@dataclass(frozen=True)
class Received:
    """One request as it came in. Header names compare in any case."""

    #: Seconds on time.monotonic()'s clock, when the whole request had been read.
    at: float
    path: str
    headers: Message
    body: bytes
    #: The status that it was answered with, or would have been.
    status: int = 0

    @property
    def id(self) -> str:
        """The `webhook-id`: the same on every attempt of a delivery."""
        return self.headers["webhook-id"]


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the endpoint answers, and after how many seconds."""

    status: int = 200
    delay: float = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b"{}"


class Receiver:
    """
    An HTTP server on a port of its own; it answers 200 until told otherwise:

        receiver.answer("/orders", status=500, times=2)
        ...
        first, second, third = receiver.wait_for(3, path="/orders")
    """

    def __init__(self) -> None:
        self._received: list[Received] = []
        self._arrived = threading.Condition()
        self._next: defaultdict[str, deque[Answer]] = defaultdict(deque)
        self._standing: defaultdict[str, Answer] = defaultdict(Answer)
        self._closing = threading.Event()
        self._server = _Server(self)

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()

    def url(self, path: str = "/") -> str:
        """Return the address of *path*, for a webhook."""
        return f"http://localhost:{self._server.server_port}{path}"

    def answer(
        self,
        path: str,
        *,
        times: int | None = None,
        status: int = 200,
        delay: float = 0,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"{}",
    ) -> None:
        """Answer *path* like this: the next so many *times*, or whenever nothing else is said."""
        answer = Answer(status=status, delay=delay, headers=headers or {}, body=body)
        if times is None:
            self._standing[path] = answer
        else:
            self._next[path].extend([answer] * times)

    def received(self, path: str | None = None) -> list[Received]:
        """Return what has arrived so far, in order: on one path, or on all."""
        return [each for each in list(self._received) if path in (None, each.path)]

    def wait_for(self, count: int, *, path: str | None = None, within: float = 10) -> list[Received]:
        """Return what has arrived as soon as it is *count* requests; fail after *within* seconds."""
        with self._arrived:
            if not self._arrived.wait_for(lambda: len(self.received(path)) >= count, within):
                raise AssertionError(
                    f"{len(self.received(path))} of {count} requests came within {within:g} s."
                )
        return self.received(path)

    def take(self, received: Received) -> Answer:
        """Record one request and return its answer, once that is due."""
        with self._arrived:
            planned = self._next[received.path]
            answer = planned.popleft() if planned else self._standing[received.path]
            self._received.append(replace(received, status=answer.status))
            self._arrived.notify_all()
        self._closing.wait(answer.delay)
        return answer


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 1_000  # as many connections may wait as tests open at once

    def __init__(self, receiver: Receiver) -> None:
        self.receiver = receiver
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, *_: object) -> None:
        """Say nothing: clients that leave early are what some tests are about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        body = self.rfile.read(length)
        if len(body) < length:
            return  # whoever was sending it died in the middle: no request was received
        answer = self.server.receiver.take(Received(time.monotonic(), self.path, self.headers, body))
        self.send_response(answer.status)
        for name, value in {**answer.headers, "Content-Length": str(len(answer.body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, *_: object) -> None:
        """Say nothing: what arrived is in `received`."""
