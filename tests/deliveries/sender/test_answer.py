"""Reading an answer's head: complete and bounded, or nothing."""

import io
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deliveries.causes import Cause
from deliveries.sender import SendError
from deliveries.sender.answer import HARMFUL, MAX_HEAD, MAX_LOCATION, read_head, read_location, read_text

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"
INTERIM = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"


def test_the_head_of_the_final_answer_is_returned_and_its_body_left() -> None:
    """Interim answers are skipped, the head is returned, the body is left where it is."""
    stream = io.BytesIO(INTERIM * 3 + HEAD + b"ok")
    assert read_head(stream) == HEAD
    assert stream.read() == b"ok"


@pytest.mark.parametrize("length", range(len(INTERIM + HEAD)))
def test_a_head_that_is_cut_anywhere_is_none(length: int) -> None:
    """A head that is cut anywhere is none."""
    with pytest.raises(SendError) as cut:
        read_head(io.BytesIO((INTERIM + HEAD)[:length]))
    assert cut.value.cause in {Cause.DISCONNECT, Cause.INVALID_RESPONSE}


def test_a_head_may_have_64_kilobytes_and_no_more() -> None:
    """A head may have 64 kB, interim answers included, and no more."""
    room = MAX_HEAD - len(b"HTTP/1.1 200 OK\r\nA: \r\n\r\n")
    head = b"HTTP/1.1 200 OK\r\nA: %b\r\n\r\n"
    assert read_head(io.BytesIO(head % (b"a" * room)))
    for too_long in (head % (b"a" * (room + 1)), INTERIM + head % (b"a" * room)):
        with pytest.raises(SendError):
            read_head(io.BytesIO(too_long))


@given(st.binary() | st.binary().map(b"HTTP/1.1 200 OK\r\n".__add__) | st.binary().map(INTERIM.__add__))
def test_any_bytes_are_a_head_or_a_failure(data: bytes) -> None:
    """Any bytes are a complete head, or a SendError."""
    with suppress(SendError):
        head = read_head(io.BytesIO(data))
        assert head.startswith(b"HTTP/1.")
        assert head.endswith(b"\n")


@given(st.binary(max_size=10_000))
def test_any_body_is_harmless_text(data: bytes) -> None:
    """Any body becomes text that a database stores and a page shows."""
    text = read_text(io.BytesIO(data))
    assert len(text) <= 4096
    assert not any(ord(character) in HARMFUL for character in text)
    assert text.encode().decode() == text


@pytest.mark.parametrize(
    ("location", "shown"),
    [
        ("", ""),
        ("/login", "/login"),
        ("https://www.northwind.com/in/", "https://www.northwind.com/in/"),
        ("https://northwind.com/in?token=secret#secret", "https://northwind.com/in?••••••••"),
        ("https://dana:secret@northwind.com/in", "https://northwind.com/in"),
        ("/a\x00b\u202e", "/a\ufffdb\ufffd"),
    ],
)
def test_where_a_redirect_points_to_is_shown_without_what_may_be_a_secret(location: str, shown: str) -> None:
    """Where a redirect points to is shown, without what may be a password or a token."""
    assert read_location(location) == shown


@given(st.text(max_size=2_000))
def test_any_location_is_short_and_harmless(location: str) -> None:
    """Any location becomes a short text that does no harm on a page."""
    shown = read_location(location)
    assert len(shown) <= MAX_LOCATION + len("?••••••••")
    assert not any(ord(character) in HARMFUL for character in shown)
