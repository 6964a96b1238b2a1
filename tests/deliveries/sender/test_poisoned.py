"""Whatever an endpoint leaves on a connection, the next request gets the answer that was made for it."""

import time
from contextlib import contextmanager

import pytest

from deliveries.sender import SendError, kept, post
from tests import hostile
from tests.behaviours import CHUNKED, HEAD, OWN, POISON, poisoning
from tests.deliveries.sender import BODY, HEADERS, HOST, LONG, SHORT
from tests.hostile import OK

pytestmark = pytest.mark.enable_socket


@pytest.fixture(autouse=True)
def serving(monkeypatch):
    """Run a server as tests.hostile does, which waits for its connections to end: end those that rest."""
    resting = kept.Kept()
    monkeypatch.setattr("deliveries.sender.connection.KEPT", resting)

    @contextmanager
    def run(behaviour, **options):
        with hostile.serving(behaviour, **options) as server:
            try:
                yield server
            finally:
                while resting._resting:
                    resting._remove(next(iter(resting._resting))).end()

    return run


@pytest.fixture(params=["http", "https"])
def tls(request, good_tls):
    return good_tls if request.param == "https" else None


def send(server, tls, *, deadline=LONG):
    scheme = "https" if tls else "http"
    try:
        answer = post(f"{scheme}://{HOST}:{server.port}/", HEADERS, BODY, deadline=deadline, reuse_for=1)
    except SendError as error:
        return str(error.cause)
    return answer.status_code, answer.body


@pytest.mark.parametrize("name", POISON)
def test_the_next_request_gets_its_own_answer(name, tls, serving):
    with serving(poisoning(b"".join(POISON[name])), tls=tls) as server:
        send(server, tls, deadline=SHORT)
        assert send(server, tls) == (500, "own")


@pytest.mark.parametrize("name", POISON)
def test_what_comes_late_is_nobodys_answer(name, tls, serving):
    """The same, one part after the other, with the second one arriving while the connection rests."""
    whole = b"".join(POISON[name])
    cut = whole.find(b"HTTP/1.1", len(HEAD)) if b"smuggled" in whole else len(whole) - 1
    with serving(poisoning(whole[:cut], whole[cut:], pause=0.05), tls=tls) as server:
        send(server, tls, deadline=SHORT)
        time.sleep(0.12)
        assert send(server, tls) == (500, "own")


#: Answers that say in an unusual way where they end: read, but never trusted with another request.
UNUSUAL = {
    "length with a plus": HEAD + b"Content-Length: +2\r\n\r\nok",
    "length with an underscore": HEAD + b"Content-Length: 0_2\r\n\r\nok",
    "length folded": HEAD + b"Content-Length:\r\n 2\r\n\r\nok",
    "304 with a length": b"HTTP/1.1 304 Not Modified\r\nContent-Length: 2\r\n\r\n",
    "chunk extension": CHUNKED + b"2;a=b\r\nok\r\n0\r\n\r\n",
    "chunk size with a prefix": CHUNKED + b"0x2\r\nok\r\n0\r\n\r\n",
    "chunk size with a plus": CHUNKED + b"+2\r\nok\r\n0\r\n\r\n",
    "chunk size with blanks": CHUNKED + b" 2 \r\nok\r\n0\r\n\r\n",
    "chunk with bare line feeds": CHUNKED + b"2\nok\r\n0\n\n",
    "trailers": CHUNKED + b"2\r\nok\r\n0\r\nX-T: 1\r\n\r\n",
    "bare line feeds": b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok",
}


@pytest.mark.parametrize("name", UNUSUAL)
def test_what_ends_in_an_unusual_way_ends_the_connection(name, serving):
    with serving(poisoning(UNUSUAL[name])) as server:
        send(server, None, deadline=SHORT)
        assert send(server, None) == (500, "own")
        assert server.connections == 2


def test_a_closing_notice_in_tls_ends_the_connection(good_tls, serving):
    """TLS says goodbye and the connection stays open: nothing more may be sent on it."""

    def behave(talk):
        talk.read_request()
        talk.send(OK if len(talk.server.requests) == 1 else OWN)
        if len(talk.server.requests) == 1:
            talk.connection.settimeout(0.05)
            try:
                talk.connection.unwrap()
            except OSError:
                talk.hang()

    with serving(behave, tls=good_tls) as server:
        assert send(server, good_tls) == (200, "ok")
        time.sleep(0.02)
        assert send(server, good_tls) == (500, "own")
        assert server.connections == 2


def test_a_deadline_that_has_passed_does_not_cut_the_next_request(serving):
    """A request's deadline ends with it, whatever the same connection carries then."""

    def behave(talk):
        talk.read_request()
        talk.send(OK)
        talk.read_request()
        time.sleep(0.3)
        talk.send(OWN)

    with serving(behave) as server:
        assert send(server, None, deadline=0.2) == (200, "ok")
        assert send(server, None) == (500, "own")
        assert server.connections == 1
