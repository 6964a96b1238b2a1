"""Whatever an endpoint does: the right verdict, in time, and the next delivery unharmed."""

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
from tests.deliveries.sender import BODY, HEADERS, HOST, LONG, SHORT, attempt, failed
from tests.hostile import OK, Behaviour, Talk, answering, dripping, repeating, serving

pytestmark = pytest.mark.enable_socket

# --- What endpoints do, and what becomes of it ----------------------------------------------------

HEAD = b"HTTP/1.1 200 OK\r\n"
BOMB = gzip.compress(bytes(50_000_000), compresslevel=1)
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
EARLY_HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n"


def answer_without_reading(talk: Talk) -> None:
    talk.send(b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n")
    talk.hang()


# Behaviour, then the status that counts, or the cause and the words that the developer reads.
ANSWERED: dict[str, tuple[Behaviour, int]] = {
    "200": (answering(OK), 200),
    "204 without a body": (answering(b"HTTP/1.1 204 No Content\r\n\r\n"), 204),
    "status without a reason": (answering(b"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n"), 200),
    "HTTP/1.0": (answering(b"HTTP/1.0 200 OK\r\n\r\nok"), 200),
    "bare line feeds": (answering(b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok"), 200),
    "folded header": (answering(HEAD + b"X-A: 1\r\n 2\r\nContent-Length: 0\r\n\r\n"), 200),
    "500": (answering(b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n"), 500),
    "429 with Retry-After": (answering(b"HTTP/1.1 429 Slow Down\r\nRetry-After: 9\r\n\r\n"), 429),
    "401 with a challenge": (answering(b"HTTP/1.1 401 No\r\nWWW-Authenticate: Basic\r\n\r\n"), 401),
    "407": (answering(b"HTTP/1.1 407 No\r\nProxy-Authenticate: Basic\r\n\r\n"), 407),
    "status that nobody knows": (answering(b"HTTP/1.1 799 Eh\r\nContent-Length: 0\r\n\r\n"), 799),
    "100 then 200": (answering(CONTINUE, OK), 200),
    "102 then 200": (answering(b"HTTP/1.1 102 Processing\r\n\r\n", OK), 200),
    "103 then 200": (answering(EARLY_HINTS, OK), 200),
    "103 then 500": (answering(EARLY_HINTS, b"HTTP/1.1 500 Oops\r\n\r\n"), 500),
    "answers before reading": (answer_without_reading, 413),
    "Content-Length too long": (answering(HEAD + b"Content-Length: 9\r\n\r\nok"), 200),
    "Content-Length not a number": (answering(HEAD + b"Content-Length: two\r\n\r\nok"), 200),
    "body reset": (answering(HEAD + b"Content-Length: 9\r\n\r\no", then=Talk.reset), 200),
    "body without end": (repeating(b"x" * 65_536, after=HEAD + b"\r\n"), 200),
    "gzip bomb": (answering(HEAD + b"Content-Encoding: gzip\r\n\r\n", BOMB), 200),
    "chunk size not a number": (answering(CHUNKED + b"zz\r\nok\r\n0\r\n\r\n"), 200),
    "chunk size below zero": (answering(CHUNKED + b"-5\r\nok\r\n0\r\n\r\n"), 200),
    "chunk of many exabytes": (answering(CHUNKED + b"FFFFFFFFFFFFFFFF\r\nok"), 200),
    "chunk size without end": (answering(CHUNKED + b"1" * 70_000), 200),
    "last chunk missing": (answering(CHUNKED + b"2\r\nok\r\n"), 200),
    "length and chunks": (
        answering(HEAD + b"Content-Length: 1\r\n" + CHUNKED[len(HEAD) :] + b"0\r\n\r\n"),
        200,
    ),
}

STALLED_BODY: dict[str, Behaviour] = {
    "body hangs": answering(HEAD + b"Content-Length: 9\r\n\r\no", then=Talk.hang),
    "body drips": dripping(b"x" * 10_000, after=HEAD + b"Content-Length: 10000\r\n\r\n"),
    "trailers without end": repeating(b"X-T: 1\r\n", after=CHUNKED + b"0\r\n", every=0.001),
    "chunks hang": answering(CHUNKED + b"9\r\n", then=Talk.hang),
}

LATE: dict[str, Behaviour] = {
    "says nothing": answering(then=Talk.hang),
    "status line drips": dripping(b"HTTP/1.1 200 " + b"O" * 10_000),
    "headers drip": dripping(b"a" * 10_000, after=HEAD + b"X-A: "),
    "header lines drip": repeating(b"X-A: 1\r\n", after=HEAD, every=0.05),
    "half a header block, then nothing": answering(HEAD + b"Content-Length: 0\r\n", then=Talk.hang),
    "100 for ever": repeating(CONTINUE, every=0.05),
    "102 for ever": repeating(b"HTTP/1.1 102 Processing\r\n\r\n", every=0.05),
    "103 for ever": repeating(EARLY_HINTS, every=0.05),
    "103, then a late answer": answering(EARLY_HINTS, then=lambda talk: talk.send_later(OK)),
    "garbage drips": dripping(b"x" * 10_000),
}

BROKEN: dict[str, tuple[Behaviour, Cause, str]] = {
    "closes after the request": (answering(), Cause.DISCONNECT, "closed without an answer"),
    # Under TLS a reset looks like a close.
    "resets after the request": (answering(then=Talk.reset), Cause.DISCONNECT, "The connection was"),
    "half a status line": (answering(b"HTTP/1.1 200"), Cause.DISCONNECT, "in the middle"),
    "half a header block": (answering(HEAD + b"Content-Length: 0\r\n"), Cause.DISCONNECT, "in the middle"),
    "half a header": (answering(HEAD + b"Content-Le"), Cause.DISCONNECT, "in the middle"),
    "half a header, reset": (
        answering(HEAD + b"X-A", then=Talk.reset),
        Cause.DISCONNECT,
        "The connection was",
    ),
    "100, then closes": (answering(CONTINUE), Cause.DISCONNECT, "closed without an answer"),
    "103, then half an answer": (answering(EARLY_HINTS, HEAD), Cause.DISCONNECT, "in the middle"),
    "101": (answering(b"HTTP/1.1 101 Switching Protocols\r\n\r\n"), Cause.INVALID_RESPONSE, "status 101"),
    "garbage": (answering(b"\x00\xff" * 500), Cause.INVALID_RESPONSE, "status line"),
    "HTTP/0.9": (answering(b"<html>ok</html>\r\n"), Cause.INVALID_RESPONSE, "status line"),
    "another protocol": (answering(b"SSH-2.0-OpenSSH_9.2\r\n"), Cause.INVALID_RESPONSE, "status line"),
    "HTTP/2": (answering(b"HTTP/2 200\r\n\r\n"), Cause.INVALID_RESPONSE, "status line"),
    "status 2_00": (answering(b"HTTP/1.1 2_00 OK\r\n\r\n"), Cause.INVALID_RESPONSE, "status line"),
    "status +200": (answering(b"HTTP/1.1 +200 OK\r\n\r\n"), Cause.INVALID_RESPONSE, "status line"),
    "status 020": (answering(b"HTTP/1.1 020 OK\r\n\r\n"), Cause.INVALID_RESPONSE, "status line"),
    "no status": (answering(b"HTTP/1.1 OK\r\n\r\n"), Cause.INVALID_RESPONSE, "status line"),
    "empty line first": (answering(b"\r\n" + OK), Cause.INVALID_RESPONSE, "status line"),
    "header without colon": (answering(HEAD + b"X-A 1\r\n\r\n"), Cause.INVALID_RESPONSE, "malformed"),
    "header without name": (answering(HEAD + b": 1\r\n\r\n"), Cause.INVALID_RESPONSE, "malformed"),
    "NUL in a header": (answering(HEAD + b"X-A: \0\r\n\r\n"), Cause.INVALID_RESPONSE, "malformed"),
    "bare CR in a header": (answering(HEAD + b"X-A: 1\rX-B: 2\r\n\r\n"), Cause.INVALID_RESPONSE, "malformed"),
    "first header folded": (answering(HEAD + b" X-A: 1\r\n\r\n"), Cause.INVALID_RESPONSE, "malformed"),
    "two lengths": (
        answering(HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nok"),
        Cause.INVALID_RESPONSE,
        "not valid HTTP/1.1",
    ),
    "over 100 headers": (
        answering(HEAD + b"X-A: 1\r\n" * 101 + b"\r\n"),
        Cause.INVALID_RESPONSE,
        "not valid HTTP/1.1",
    ),
    "huge header": (answering(HEAD + b"X-A: ", b"a" * 100_000), Cause.INVALID_RESPONSE, "64 kB"),
    "header without end": (repeating(b"a" * 1000, after=HEAD + b"X-A: "), Cause.INVALID_RESPONSE, "64 kB"),
    "headers without end": (repeating(b"X-A: 1\r\n" * 99, after=HEAD), Cause.INVALID_RESPONSE, "64 kB"),
    "flood of 100s": (repeating(CONTINUE * 1000), Cause.INVALID_RESPONSE, "64 kB"),
    "status line without end": (repeating(b"H" * 1000), Cause.INVALID_RESPONSE, "64 kB"),
}


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


@pytest.mark.parametrize("status_code", [300, 301, 302, 303, 304, 307, 308])
def test_a_redirect_is_a_failure_and_is_not_followed(status_code: int, tls: ssl.SSLContext | None) -> None:
    """A redirect of any kind is a failure, and is not followed."""
    with serving(answering(OK)) as trap:
        location = f"Location: http://{HOST}:{trap.port}/\r\nContent-Length: 0\r\n\r\n"
        redirect = f"HTTP/1.1 {status_code} Elsewhere\r\n{location}".encode()
        with serving(answering(redirect), tls=tls) as server:
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
    with serving(answering(then=lambda talk: talk.send_later(OK, after=0.05)), tls=tls) as server:
        phases = post(url_of(server.port, tls), HEADERS, BODY).phases
    assert list(phases) == [phase for phase in Phase if tls or phase is not Phase.TLS]
    assert phases[Phase.WAIT] >= 50


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
        hanging = [pool.submit(failed, url_of(server.port, None), deadline=1.5) for _ in range(100)]
        began = time.monotonic()
        answers = [pool.submit(attempt, healthy) for _ in range(20)]
        assert all(isinstance(answer.result(), Response) for answer in answers)
        assert time.monotonic() - began < 1.4
        assert {error.result().cause for error in hanging} == {Cause.TIMEOUT}
        assert time.monotonic() - began < 3


def test_no_thread_or_descriptor_is_left_behind(good_tls: ssl.SSLContext) -> None:
    """Nothing is left behind, however a request ends."""
    behaviours = [answering(OK), answering(then=Talk.reset), answering(HEAD), Talk.hang]
    before = threading.active_count(), len(list(Path("/proc/self/fd").iterdir()))
    for behaviour in behaviours * 3:
        with serving(behaviour, tls=good_tls) as server:
            attempt(url_of(server.port, good_tls), deadline=0.1)
    after = threading.active_count(), len(list(Path("/proc/self/fd").iterdir()))
    assert after <= (before[0] + 2, before[1])
