"""
Reading an answer.

`http.client` takes a header block that ends too early for a complete one, `103 Early Hints` for
the answer itself and `HTTP/1.1 2_00` for a success. Hence the head is read and judged here, and
`http.client` parses what has passed.
"""

import io
import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import suppress
from http import HTTPStatus
from http.client import HTTPException, HTTPResponse
from typing import Any, Protocol

from gevent import Timeout
from urllib3.exceptions import HTTPError

from deliveries.causes import Cause
from deliveries.sender.outcome import SendError
from webhooks.masking import without_query

#: Bytes up to the answer's last header, interim answers included.
MAX_HEAD = 65_536
#: Bytes of the body that are kept.
MAX_TEXT = 4_096
#: Characters of a redirect's target that are kept.
MAX_LOCATION = 300

STATUS_LINE = re.compile(rb"HTTP/1\.[0-9] ([1-9][0-9]{2})(?: [^\r\n]*)?\r?\n")
HEADER_LINE = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+:[^\r\n\0]*\r?\n")
FOLDED_LINE = re.compile(rb"[ \t][^\r\n\0]*\r?\n")
END = (b"\r\n", b"\n")
#: What everybody reads in the same way; looser forms are understood, and end the connection.
PLAIN_HEAD_LINE = re.compile(rb"[^\r\n]*\r\n")
PLAIN_CHUNK_LINE = re.compile(rb"(?:[0-9A-Fa-f]{1,8})?\r\n")
PLAIN_LENGTH = re.compile(r"[0-9]{1,10}")
SWITCHING_PROTOCOLS = 101

#: Control characters but tab and line end, and those that turn text around or hide it.
HARMFUL = dict.fromkeys(
    [
        *{*range(0x20)} - {*b"\t\n\r"},
        *range(0x7F, 0xA0),
        *range(0x200B, 0x2010),
        *range(0x2028, 0x202F),
        *range(0x2060, 0x2070),
        0xFEFF,
    ],
    "\ufffd",
)


class NoAnswer(SendError):  # noqa: N818 - it says what there is
    """The connection ended before a single byte of an answer."""

    def __init__(self) -> None:
        super().__init__(Cause.DISCONNECT, "The connection was closed without an answer.")


class Wire:
    """What an answer is read from; it knows how plainly it was written and what is left when it ends."""

    def __init__(self, stream: io.BufferedReader, sock: socket.socket) -> None:
        self._stream, self._sock = stream, sock
        self.read, self.read1, self.readinto = stream.read, stream.read1, stream.readinto
        self.flush = stream.flush
        self.plain_line = PLAIN_HEAD_LINE
        self.is_plain = True
        self._is_drained: bool | None = None

    def readline(self, limit: int = -1, /) -> bytes:
        line = self._stream.readline(limit)
        self.is_plain = self.is_plain and bool(self.plain_line.fullmatch(line))
        return line

    def begins(self) -> bool:
        """Wait for the first byte; False if the connection ends instead."""
        try:
            return bool(self._stream.peek(1))
        except (ConnectionError, ssl.SSLEOFError):
            return False

    @property
    def is_drained(self) -> bool:
        """Whether nothing more has been read than belonged to the answer."""
        if self._is_drained is None:
            self._sock.settimeout(0)
            try:
                self._is_drained = not self._stream.peek(1)
            except (OSError, ValueError):
                self._is_drained = True
        return self._is_drained

    def close(self) -> None:
        if not self._stream.closed:
            self.is_drained  # noqa: B018 - asked while it can be answered
            self._stream.close()

    @property
    def closed(self) -> bool:
        return self._stream.closed


class Answer(HTTPResponse):
    """An answer that is complete up to the last header."""

    wire: Wire
    #: On a connection that was used before, which may have ended at rest.
    may_be_missing = False

    def __init__(self, sock: socket.socket, **kwargs: Any) -> None:
        super().__init__(sock, **kwargs)
        self.fp = self.wire = Wire(self.fp, sock)  # type: ignore[assignment]

    def begin(self) -> None:
        if self.may_be_missing and not self.wire.begins():
            raise NoAnswer
        head = read_head(self.wire)
        self.wire.plain_line = PLAIN_CHUNK_LINE
        self.fp = io.BufferedReader(io.BytesIO(head))
        try:
            super().begin()
        finally:
            self.fp = self.wire  # type: ignore[assignment]
        # Whatever urllib3 found wrong here it would log, together with the URL and its tokens.
        self.headers.defects.clear()
        # Nobody keeps cookies, so nobody need parse them.
        del self.headers["Set-Cookie"], self.headers["Set-Cookie2"]

    @property
    def leaves_nothing(self) -> bool:
        """Whether the answer has ended for certain, with nothing after it."""
        has_ended = self.headers is not None and (self.isclosed() or self.length == 0)
        return has_ended and self._says_where_it_ends and self.wire.is_drained

    @property
    def _says_where_it_ends(self) -> bool:
        """Whether it says so in one way only: by length or by chunks, for a later HTTP/1.1 request."""
        lengths = self.headers.get_all("Content-Length", [])
        encodings = self.headers.get_all("Transfer-Encoding", [])
        plain = (len(lengths), encodings) in ((1, []), (0, ["chunked"])) or (
            self.status == HTTPStatus.NO_CONTENT and not lengths + encodings
        )
        return (
            plain
            and self.wire.is_plain
            and all(map(PLAIN_LENGTH.fullmatch, lengths))
            and self.status != HTTPStatus.NOT_MODIFIED
            and self.version == 11
            and not self.will_close
        )


class Lines(Protocol):
    """Where a head comes from."""

    def readline(self, limit: int, /) -> bytes: ...


def read_head(stream: Lines) -> bytes:
    """
    Return the status line and headers of the final answer in *stream*.

    Raises:
        SendError: it ends before they do, or they are not HTTP/1.1.

    """
    lines = _lines(stream)
    while True:
        status_code, head = _read_block(lines)
        if status_code >= 200:
            return head
        if status_code == SWITCHING_PROTOCOLS:
            raise _invalid("it switches to another protocol (status 101), which we did not ask for")


def _lines(stream: Lines) -> Iterator[bytes]:
    left = MAX_HEAD
    while line := stream.readline(left + 1):
        left -= len(line)
        if left < 0:
            raise _invalid(f"its headers are longer than {MAX_HEAD // 1024} kB")
        yield line


def _read_block(lines: Iterator[bytes]) -> tuple[int, bytes]:
    status_line = next(lines, b"")
    match = STATUS_LINE.fullmatch(status_line)
    if match is None:
        raise _no_answer(status_line)
    head = [status_line]
    for line in lines:
        head.append(line)
        if line in END:
            return int(match[1]), b"".join(head)
        _check_header_line(line, first=len(head) == 2)
    raise _cut()


def _check_header_line(line: bytes, *, first: bool) -> None:
    if not line.endswith(b"\n"):
        raise _cut()
    if not HEADER_LINE.fullmatch(line) and (first or not FOLDED_LINE.fullmatch(line)):
        raise _invalid("a header line is malformed")


def _no_answer(start: bytes) -> SendError:
    if not start:
        return NoAnswer()
    if start.startswith(b"HTTP/1.") and not start.endswith(b"\n"):
        return _cut()
    return _invalid("it does not begin with a status line such as “HTTP/1.1 200 OK”")


def _cut() -> SendError:
    return SendError(Cause.DISCONNECT, "The connection was closed in the middle of the answer's headers.")


def _invalid(reason: str) -> SendError:
    return SendError(Cause.INVALID_RESPONSE, f"The answer is not valid HTTP/1.1: {reason}.")


def read_location(location: str) -> str:
    """Return where a redirect points to, without what may be a password or a token."""
    without_login = re.sub(r"//[^/?#]*@", "//", location.partition("#")[0].translate(HARMFUL))
    return without_query(without_login[:MAX_LOCATION])


class Body(Protocol):
    """Where a body comes from."""

    def read1(self, amt: int, /) -> bytes: ...


def read_text(body: Body) -> str:
    """Return the first bytes of *body* as text that does no harm on a page, as far as they come."""
    data = b""
    with suppress(HTTPError, HTTPException, OSError, ValueError, Timeout):
        while len(data) < MAX_TEXT and (more := body.read1(MAX_TEXT - len(data))):
            data += more
    return data.decode("utf-8", "replace").translate(HARMFUL)
