"""
Reading an answer.

`http.client` takes a header block that ends too early for a complete one, `103 Early Hints` for
the answer itself and `HTTP/1.1 2_00` for a success. Hence the head is read and judged here, and
`http.client` parses what has passed.
"""

import io
import re
from collections.abc import Iterator
from contextlib import suppress
from http.client import HTTPException, HTTPResponse
from typing import Protocol

from urllib3.exceptions import HTTPError

from deliveries.causes import Cause
from deliveries.sender.outcome import SendError

#: Bytes up to the answer's last header, interim answers included.
MAX_HEAD = 65_536
#: Bytes of the body that are kept.
MAX_TEXT = 4_096

STATUS_LINE = re.compile(rb"HTTP/1\.[0-9] ([1-9][0-9]{2})(?: [^\r\n]*)?\r?\n")
HEADER_LINE = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+:[^\r\n\0]*\r?\n")
FOLDED_LINE = re.compile(rb"[ \t][^\r\n\0]*\r?\n")
END = (b"\r\n", b"\n")
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


class Answer(HTTPResponse):
    """An answer that is complete up to the last header."""

    def begin(self) -> None:
        head = read_head(self.fp)
        body, self.fp = self.fp, io.BufferedReader(io.BytesIO(head))
        try:
            super().begin()
        finally:
            self.fp = body
        # Whatever urllib3 found wrong here it would log, together with the URL and its tokens.
        self.headers.defects.clear()
        # Nobody keeps cookies, so nobody need parse them.
        del self.headers["Set-Cookie"], self.headers["Set-Cookie2"]


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
        return SendError(Cause.DISCONNECT, "The connection was closed without an answer.")
    if start.startswith(b"HTTP/1.") and not start.endswith(b"\n"):
        return _cut()
    return _invalid("it does not begin with a status line such as “HTTP/1.1 200 OK”")


def _cut() -> SendError:
    return SendError(Cause.DISCONNECT, "The connection was closed in the middle of the answer's headers.")


def _invalid(reason: str) -> SendError:
    return SendError(Cause.INVALID_RESPONSE, f"The answer is not valid HTTP/1.1: {reason}.")


class Body(Protocol):
    """Where a body comes from."""

    def read1(self, amt: int, /) -> bytes: ...


def read_text(body: Body) -> str:
    """Return the first bytes of *body* as text that does no harm on a page, as far as they come."""
    data = b""
    with suppress(HTTPError, HTTPException, OSError, ValueError):
        while len(data) < MAX_TEXT and (more := body.read1(MAX_TEXT - len(data))):
            data += more
    return data.decode("utf-8", "replace").translate(HARMFUL)
