"""Whatever an endpoint does: the right verdict, in time, and the next delivery unharmed."""

import gc
import gzip
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
import responses

from deliveries.causes import Cause, cause_of_status
from deliveries.sender import DEADLINE, Phase, Response, SendError, post
from deliveries.sender.connection import PlainConnection
from deliveries.sender.exchange import Exchange
from tests.behaviours import ANSWERED, BROKEN, HEAD, LATE, REDIRECTS, STALLED_BODY, redirecting
from tests.deliveries.sender import BODY, HEADERS, HOST, LONG, SHORT, attempt, failed
from tests.hostile import OK, Behaviour, Talk, answering, dripping, serving

pytestmark = pytest.mark.enable_socket

# --- What endpoints do, and what becomes of it ----------------------------------------------------


@pytest.fixture(params=["http", "https"])
def tls(request: pytest.FixtureRequest, good_tls: ssl.SSLContext) -> ssl.SSLContext | None:
    return good_tls if request.param == "https" else None


def url_of(port: int, tls: ssl.SSLContext | None) -> str:
    return f"{'https' if tls else 'http'}://{HOST}:{port}/"


def is_unharmed(url: str) -> bool:
    """Tell whether the next delivery succeeds and reads its own answer."""
    answer = post(url, HEADERS, BODY)
    return (answer.status_code, answer.body) == (200, "ok")


@pytest.mark.parametrize("name", ANSWERED)
def test_a_complete_answer_counts_whatever_its_body_is(
    name: str, tls: ssl.SSLContext | None, healthy: str
) -> None:
    """A complete answer counts, whatever its body is."""
    behaviour, status_code = ANSWERED[name]
    with serving(behaviour, tls=tls) as server:
        answer = post(url_of(server.port, tls), HEADERS, BODY, deadline=LONG)
    assert answer.status_code == status_code
    assert len(answer.body) <= 4096
    assert is_unharmed(healthy)


def outcomes(
    behaviours: Mapping[str, Behaviour], tls: ssl.SSLContext | None, *, deadline: float
) -> dict[str, Response | SendError]:
    """POST to all of them side by side, and return what comes of each."""
    with ExitStack() as servers, ThreadPoolExecutor(len(behaviours)) as pool:
        posts = {}
        for name, behaviour in behaviours.items():
            server = servers.enter_context(serving(behaviour, tls=tls))
            posts[name] = pool.submit(attempt, url_of(server.port, tls), deadline=deadline)
        return {name: post.result() for name, post in posts.items()}


def test_a_body_that_does_not_end_decides_nothing(tls: ssl.SSLContext | None, healthy: str) -> None:
    """A body that does not end decides nothing, and is read no longer than the deadline."""
    began = time.monotonic()
    answers = outcomes(STALLED_BODY, tls, deadline=SHORT)
    assert time.monotonic() - began < SHORT + 1
    assert [name for name, answer in answers.items() if not isinstance(answer, Response)] == []
    assert is_unharmed(healthy)


def test_an_answer_that_is_not_complete_in_time_is_none(tls: ssl.SSLContext | None, healthy: str) -> None:
    """An answer whose headers are not complete in time is none, whatever has come of it."""
    began = time.monotonic()
    errors = outcomes(LATE, tls, deadline=SHORT)
    assert time.monotonic() - began < SHORT + 1
    assert {name: str(error) for name, error in errors.items()} == dict.fromkeys(
        LATE, f"No complete answer within {SHORT} seconds: timed out while waiting for the answer's headers."
    )
    assert {error.cause for error in errors.values() if isinstance(error, SendError)} == {Cause.TIMEOUT}
    assert is_unharmed(healthy)


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_answer_is_a_failure_with_a_name(
    name: str, tls: ssl.SSLContext | None, healthy: str
) -> None:
    """A broken answer is a failure with a name."""
    behaviour, cause, words = BROKEN[name]
    with serving(behaviour, tls=tls) as server:
        error = failed(url_of(server.port, tls))
    assert (error.cause, list(error.phases)[-1]) == (cause, Phase.WAIT)
    assert words in error.detail
    assert is_unharmed(healthy)


@pytest.mark.parametrize("status_code", REDIRECTS)
def test_a_redirect_is_a_failure_and_is_not_followed(status_code: int, tls: ssl.SSLContext | None) -> None:
    """A redirect of any kind is a failure, and is not followed."""
    with serving(answering(OK)) as trap:
        redirect = redirecting(status_code, f"http://{HOST}:{trap.port}/")
        with serving(redirect, tls=tls) as server:
            answer = post(url_of(server.port, tls), HEADERS, BODY)
        assert cause_of_status(answer.status_code) is Cause.REDIRECT
        assert answer.location == f"http://{HOST}:{trap.port}/"
        assert (server.connections, trap.connections) == (1, 0)


# --- Connecting and sending -----------------------------------------------------------------------


def test_a_closed_port_is_a_connect_failure() -> None:
    """A closed port is a failure to connect."""
    with serving(Talk.hang) as server:
        port = server.port
    error = failed(url_of(port, None))
    assert error.cause is Cause.CONNECT
    assert "nothing is listening" in error.detail


def test_a_host_that_drops_connections_is_timed_out_while_connecting() -> None:
    """A host that drops our packets is timed out while connecting."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        waiting = [socket.socket() for _ in range(2)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(full.getsockname())
        error = failed(url_of(full.getsockname()[1], None), deadline=SHORT)
        for each in waiting:
            each.close()
    assert error.cause is Cause.TIMEOUT
    assert "while connecting" in error.detail


def test_an_endpoint_that_does_not_read_is_timed_out_while_sending(tls: ssl.SSLContext | None) -> None:
    """An endpoint that does not read is timed out while sending."""
    with serving(Talk.hang, tls=tls) as server:
        error = failed(url_of(server.port, tls), body=bytes(50_000_000), deadline=SHORT)
    assert error.cause is Cause.TIMEOUT
    assert "sending the request" in error.detail


def test_an_endpoint_that_reads_slowly_is_timed_out_while_sending(tls: ssl.SSLContext | None) -> None:
    """An endpoint that reads a little now and then is timed out all the same."""
    with serving(Talk.read_slowly, tls=tls) as server:
        error = failed(url_of(server.port, tls), body=bytes(50_000_000), deadline=SHORT)
    assert error.cause is Cause.TIMEOUT
    assert "sending the request" in error.detail


def test_running_out_of_descriptors_is_our_own_fault(monkeypatch: pytest.MonkeyPatch, healthy: str) -> None:
    """Running out of file descriptors is our fault, not the endpoint's."""

    def socket_(*_: object) -> socket.socket:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr("deliveries.sender.connection.socket.socket", socket_)
    error = failed(healthy)
    assert error.cause is Cause.INTERNAL
    assert "nothing to do with it" in error.detail


# --- What is sent ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("", "/"),
        ("?a=1", "/?a=1"),
        ("/a/../b//c/%e2%82%ac;x?y=%2f&&'z=", "/a/../b//c/%e2%82%ac;x?y=%2f&&'z="),
        ("//a:b@c/", "//a:b@c/"),
    ],
)
def test_the_bytes_sent_are_the_ones_given(path: str, target: str) -> None:
    """The bytes sent are exactly the ones given, with nothing added but what carries them."""
    with serving(answering(OK)) as server:
        post(f"http://{HOST}:{server.port}{path}", {**HEADERS, "X-Api-Key": "k~1"}, BODY)
    assert server.requests == [
        f"POST {target} HTTP/1.1\r\n"
        f"Host: {HOST}:{server.port}\r\n"
        "Content-Type: application/json\r\n"
        "User-Agent: Cr3dentials-Webhooks/1\r\n"
        "X-Api-Key: k~1\r\n"
        f"Content-Length: {len(BODY)}\r\n"
        "Accept-Encoding: identity\r\n"
        "Connection: close\r\n\r\n".encode()
        + BODY
    ]


def test_nothing_is_kept_from_one_request_to_the_next() -> None:
    """Neither cookies nor the connection are kept, nor an answer that came too early."""
    cookies = b"Set-Cookie: session=1; Path=/\r\n"
    poisoned = HEAD + cookies + b"Content-Length: 2\r\n\r\nok" + b"HTTP/1.1 500 Not Yours\r\n\r\n"
    with serving(answering(poisoned, then=lambda talk: talk.stop.wait(0.1))) as server:
        answers = [post(url_of(server.port, None), HEADERS, BODY) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert server.connections == 3
    assert not any(b"cookie" in request.lower() for request in server.requests)


def test_the_environment_changes_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither proxies nor .netrc nor certificates of the environment have any effect."""
    netrc = tmp_path / "netrc"
    netrc.write_text(f"machine {HOST} login canary password canary")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere")
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
        monkeypatch.setenv(name.upper(), "http://127.0.0.1:9")
    with serving(answering(OK)) as server:
        assert post(url_of(server.port, None), HEADERS, BODY).status_code == 200
    assert b"authorization" not in server.requests[0].lower()


def test_requests_own_doubles_can_stand_in() -> None:
    """The `responses` package can stand in for endpoints, for who does not test the sender."""
    with responses.RequestsMock() as endpoints:
        endpoints.post("https://hooks.example.com/x", status=202, body="later")
        answer = post("https://hooks.example.com/x", HEADERS, BODY)
    assert (answer.status_code, answer.body) == (202, "later")


# --- What is told ---------------------------------------------------------------------------------


def test_the_body_is_kept_as_harmless_text() -> None:
    """Control characters, text direction and broken UTF-8 are replaced; the rest is kept."""
    body = "caf\u00e9\r\n\t".encode() + b"\x00\x1b[31m\xff" + "\u202e\u200b".encode()
    with serving(answering(HEAD + b"Connection: close\r\n\r\n" + body)) as server:
        answer = post(url_of(server.port, None), HEADERS, BODY)
    assert answer.body == "caf\u00e9\r\n\t\ufffd\ufffd[31m\ufffd\ufffd\ufffd"


def test_a_compressed_body_is_not_unpacked() -> None:
    """A compressed body is not unpacked, so it cannot fill the memory."""
    with serving(
        answering(HEAD + b"Content-Encoding: gzip\r\n\r\n", gzip.compress(b"canary" * 999))
    ) as server:
        assert "canary" not in post(url_of(server.port, None), HEADERS, BODY).body


def test_the_phases_are_timed(tls: ssl.SSLContext | None) -> None:
    """Each phase is timed, the encrypted one only where there is one."""
    with serving(answering(then=lambda talk: talk.send_later(OK, after=0.2)), tls=tls) as server:
        phases = post(url_of(server.port, tls), HEADERS, BODY).phases
    assert list(phases) == [phase for phase in Phase if tls or phase is not Phase.TLS]
    # The endpoint has all of it a moment before we know that all is sent.
    assert phases[Phase.WAIT] >= 100


@pytest.mark.parametrize(
    "headers", [{"X-Key": "canary\r\nX: 1"}, {"X-Key": "canary\u20ac"}, {"X Key\n": "canary"}]
)
def test_a_header_that_cannot_be_sent_is_our_fault_and_is_not_shown(
    headers: dict[str, str], healthy: str
) -> None:
    """A header that cannot be sent is our fault, and its value appears nowhere."""
    with pytest.raises(SendError) as refusal:
        post(healthy, headers, BODY)
    assert refusal.value.cause is Cause.INTERNAL
    assert "canary" not in refusal.value.detail
    assert refusal.value.__suppress_context__


@pytest.mark.parametrize(
    "content_type",
    ["multipart/mixed", "multipart/mixed; boundary=a", "message/rfc822", "message/delivery-status"],
)
def test_nothing_of_a_request_is_logged(content_type: str, caplog: pytest.LogCaptureFixture) -> None:
    """Neither URL nor header values are logged, even where a library has something to complain of."""
    caplog.set_level("DEBUG")
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nContent-Length: 2\r\n\r\nok"
    with serving(answering(head.encode())) as server:
        url = url_of(server.port, None) + "canary?token=canary"
        assert post(url, {**HEADERS, "X-Key": "canary"}, b"canary").body == "ok"
    assert "canary" not in caplog.text


def test_ten_seconds_are_promised() -> None:
    """Ten seconds are what partners have been promised."""
    assert DEADLINE == 10.0


# --- Side by side ---------------------------------------------------------------------------------


def test_hanging_endpoints_do_not_hold_up_a_healthy_one(healthy: str) -> None:
    """A hundred hanging endpoints are cut at their deadline, and hold nobody else up."""
    with serving(dripping(b"a" * 10_000, after=HEAD + b"X-A: ")) as server, ThreadPoolExecutor(110) as pool:
        hanging = [pool.submit(failed, url_of(server.port, None), deadline=3) for _ in range(100)]
        began = time.monotonic()
        answers = [pool.submit(attempt, healthy) for _ in range(20)]
        assert all(isinstance(answer.result(), Response) for answer in answers)
        assert time.monotonic() - began < 2.9
        assert {error.result().cause for error in hanging} == {Cause.TIMEOUT}
        assert time.monotonic() - began < 6


def test_no_thread_or_descriptor_is_left_behind(good_tls: ssl.SSLContext) -> None:
    """Nothing is left behind, however a request ends."""
    behaviours = [answering(OK), answering(then=Talk.reset), answering(HEAD), Talk.hang]
    before = threading.active_count(), len(list(Path("/proc/self/fd").iterdir()))
    for behaviour in behaviours * 3:
        with serving(behaviour, tls=good_tls) as server:
            attempt(url_of(server.port, good_tls), deadline=0.1)
    after = threading.active_count(), len(list(Path("/proc/self/fd").iterdir()))
    assert after <= (before[0] + 2, before[1])


def test_an_exchange_is_gone_when_it_has_ended_without_a_search_for_garbage(
    tls: ssl.SSLContext | None,
) -> None:
    """However a request ends, no cycle keeps what belonged to it: a search holds up all deliveries."""
    behaviours = [answering(OK), answering(then=Talk.reset), answering(HEAD), answering(b"no\r\n"), Talk.hang]
    others = set(map(id, parts_of_exchanges()))
    gc.disable()
    try:
        for behaviour in behaviours:
            with serving(behaviour, tls=tls) as server:
                attempt(url_of(server.port, tls), deadline=0.1)
        attempt(url_of(server.port, tls), deadline=0.1)  # which is closed now
        assert [each for each in parts_of_exchanges() if id(each) not in others] == []
    finally:
        gc.enable()


def parts_of_exchanges() -> list[Exchange | PlainConnection]:
    """Return those that are still there, needed or not."""
    return [each for each in gc.get_objects() if isinstance(each, (Exchange, PlainConnection))]
