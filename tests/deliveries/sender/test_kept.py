"""A connection is used again only where no answer can be taken for another's."""

import threading
import time
from contextlib import contextmanager

import pytest

from deliveries.sender import kept, post
from tests import hostile
from tests.deliveries.sender import BODY, HEADERS, HOST, LONG
from tests.hostile import OK

pytestmark = pytest.mark.enable_socket

NO_CONTENT = b"HTTP/1.1 204 No Content\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"
REFUSAL = b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n"


@pytest.fixture(autouse=True)
def resting(monkeypatch):
    """Return the connections that rest; there are none to begin with."""
    ours = kept.Kept()
    monkeypatch.setattr("deliveries.sender.connection.KEPT", ours)
    return ours


@pytest.fixture
def serving(resting):
    """Run a server as tests.hostile does, which waits for its connections to end: end those that rest."""

    @contextmanager
    def run(behaviour, **options):
        with hostile.serving(behaviour, **options) as server:
            yield server
            for _, _, connection in list(resting._resting.values()):
                connection.end()

    return run


def talking(*answers):
    """Answer one request after the other on the same connection."""

    def behave(talk):
        for answer in answers:
            talk.read_request()
            talk.send(answer)
        talk.hang()

    return behave


def send(server, *, webhook=1, scheme="http"):
    url = f"{scheme}://{HOST}:{server.port}/"
    return post(url, HEADERS, BODY, deadline=LONG, reuse_for=webhook)


@pytest.mark.parametrize("answer", [OK, NO_CONTENT, CHUNKED, REFUSAL], ids=["200", "204", "chunked", "500"])
def test_a_finished_answer_leaves_the_connection_to_the_next_request(answer, serving):
    with serving(talking(answer, answer, answer)) as server:
        codes = {send(server).status_code for _ in range(3)}
        assert (len(codes), len(server.requests), server.connections) == (1, 3, 1)


def test_over_tls_too(good_tls, serving):
    with serving(talking(OK, OK), tls=good_tls) as server:
        assert [send(server, scheme="https").status_code for _ in range(2)] == [200, 200]
        assert server.connections == 1


def test_two_webhooks_never_share_a_connection(serving):
    with serving(talking(OK)) as server:
        assert [send(server, webhook=number).status_code for number in (1, 2)] == [200, 200]
        assert server.connections == 2


UNCLEAN = {
    "more than the answer": OK + b"x",
    "a second answer at once": OK + OK,
    "closed by the server": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok",
    "no length": b"HTTP/1.1 200 OK\r\n\r\n",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok",
    "length and chunks": CHUNKED.replace(b"\r\n\r\n", b"\r\nContent-Length: 12\r\n\r\n", 1),
    "HTTP/1.0": b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
    "longer than we read": b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n" + b"x" * 9000,
    "204 with a length": b"HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\nok",
}


@pytest.mark.parametrize("answer", UNCLEAN.values(), ids=UNCLEAN)
def test_whatever_is_not_certain_to_have_ended_ends_the_connection(answer, serving):
    def behave(talk):
        talk.read_request()
        talk.send(answer)
        if b"Content-Length" not in answer:
            return
        talk.hang()

    with serving(behave) as server:
        for _ in range(2):
            send(server)
        assert server.connections == 2


def test_an_answer_that_nobody_asked_for_is_nobodys_answer(serving):
    """An endpoint answers once more while the connection rests, then refuses the next request."""
    sent = threading.Event()

    def behave(talk):
        talk.read_request()
        talk.send(OK)
        if talk.server.connections == 1:
            time.sleep(0.05)
            talk.send(OK)
            sent.set()
        else:
            talk.read_request()
            talk.send(REFUSAL)
        talk.hang()

    with serving(behave) as server:
        assert send(server).status_code == 200
        assert sent.wait(5)
        assert send(server).status_code == 200, "the first answer on a new connection"
        assert server.connections == 2
        assert send(server).status_code == 500


def test_early_hints_and_a_late_answer_stay_with_their_request(serving):
    def behave(talk):
        for answer in (OK, REFUSAL):
            talk.read_request()
            talk.send(b"HTTP/1.1 103 Early Hints\r\n\r\n")
            talk.send_later(answer, after=0.1)
        talk.hang()

    with serving(behave) as server:
        assert [send(server).status_code for _ in range(2)] == [200, 500]
        assert server.connections == 1


def test_a_connection_that_ended_at_rest_costs_no_failure(serving):
    def behave(talk):
        talk.read_request()
        talk.send(OK)

    with serving(behave) as server:
        assert [send(server).status_code for _ in range(3)] == [200, 200, 200]


def test_a_connection_that_ends_on_the_next_request_is_replaced(serving):
    def behave(talk):
        talk.read_request()
        talk.send(OK)
        talk.read_request()
        talk.reset()

    with serving(behave) as server:
        assert [send(server).status_code for _ in range(2)] == [200, 200]
        assert server.connections == 2


@pytest.mark.parametrize("bound", ["MAX_REST", "MAX_AGE"])
def test_what_has_rested_too_long_or_is_too_old_is_made_anew(monkeypatch, serving, bound):
    monkeypatch.setattr(kept, bound, 0)
    with serving(talking(OK, OK)) as server:
        for _ in range(2):
            send(server)
        assert server.connections == 2


def test_what_has_rested_too_long_is_closed_though_nobody_wants_it(monkeypatch, serving, resting):
    with serving(talking(OK)) as server:
        send(server)
        monkeypatch.setattr(kept, "MAX_REST", 0)
        resting.close_stale()
        assert not resting._resting


def test_no_more_than_so_many_rest(monkeypatch, serving, resting):
    monkeypatch.setattr(kept, "MAX_KEPT", 2)
    with serving(talking(OK)) as server:
        for webhook in range(4):
            send(server, webhook=webhook)
        assert len(resting._resting) == 2


def test_without_a_webhook_every_request_has_a_connection_of_its_own(serving):
    with serving(talking(OK, OK)) as server:
        for _ in range(2):
            send(server, webhook=None)
        assert server.connections == 2
