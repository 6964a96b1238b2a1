"""Through an egress proxy: the same guard, the same deadline, the same encryption."""

import socket
import threading
from contextlib import suppress

import pytest

from deliveries.causes import Cause
from deliveries.sender import Phase, post
from tests.deliveries.sender import BODY, HEADERS, HOST, SHORT, addresses, failed
from tests.hostile import OK, Talk, answering, serving

pytestmark = pytest.mark.enable_socket

FORBIDDEN = ["10.0.0.1", "169.254.169.254", "100.64.0.1", "::ffff:10.0.0.1"]


def read_connect(talk):
    """Read the proxy's part of the talk and note it."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += talk.connection.recv(1)
    talk.server.requests.append(head)
    return head.split()[1].decode()


def tunnelling(talk):
    host, _, port = read_connect(talk).rpartition(":")
    with socket.socket() as target:
        target.connect((host, int(port)))
        talk.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
        back = threading.Thread(target=pump, args=(target, talk.connection))
        back.start()
        pump(talk.connection, target)
        back.join()


def pump(source, sink):
    with suppress(OSError):
        while data := source.recv(65_536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)


def answering_connect(answer, then=lambda _: None):
    def behave(talk):
        read_connect(talk)
        talk.send(answer)
        then(talk)

    return behave


@pytest.fixture
def through(settings):
    def use(server):
        settings.WEBHOOK_EGRESS_PROXY = f"http://127.0.0.1:{server.port}"

    return use


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_request_goes_through_it_to_the_address_that_was_checked(scheme, good_tls, through):
    tls = good_tls if scheme == "https" else None
    with serving(answering(OK), tls=tls) as server, serving(tunnelling) as proxy:
        through(proxy)
        answer = post(f"{scheme}://{HOST}:{server.port}/", HEADERS, BODY)
        target = f"127.0.0.1:{server.port}"
    assert (answer.status_code, answer.body) == (200, "ok")
    assert proxy.requests == [f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode()]


def test_the_certificate_is_still_the_hosts(good_tls, through):
    with serving(answering(OK), tls=good_tls) as server, serving(tunnelling) as proxy:
        through(proxy)
        assert failed(f"https://other.example.com:{server.port}/").cause is Cause.TLS
    assert server.requests == []


@pytest.mark.parametrize("address", FORBIDDEN)
def test_a_forbidden_address_is_never_asked_for(address, monkeypatch, through):
    monkeypatch.setattr(socket, "getaddrinfo", addresses(address))
    with serving(tunnelling) as proxy:
        through(proxy)
        error = failed(f"https://{HOST}/")
    assert error.cause is Cause.FORBIDDEN_ADDRESS
    assert proxy.connections == 0


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        (b"HTTP/1.1 502 Bad Gateway\r\n\r\n", Cause.CONNECT),
        (b"HTTP/1.1 504 Too Late\r\n\r\n", Cause.CONNECT),
        (b"HTTP/1.1 403 Forbidden\r\n\r\n", Cause.INTERNAL),
        (b"HTTP/1.1 407 Who Are You\r\n\r\n", Cause.INTERNAL),
        (b"HTTP/1.1 302 Elsewhere\r\nLocation: http://127.0.0.1/\r\n\r\n", Cause.INTERNAL),
        (b"SSH-2.0-OpenSSH_9.2\r\n", Cause.INTERNAL),
        (b"HTTP/1.1 200", Cause.INTERNAL),
        (b"", Cause.INTERNAL),
        (b"HTTP/1.1 200 OK\r\nX-A: " + b"a" * 100_000, Cause.INTERNAL),
    ],
)
def test_a_proxy_that_refuses_or_breaks_is_named_apart_from_the_endpoint(answer, cause, through):
    with serving(answering_connect(answer)) as proxy:
        through(proxy)
        error = failed(f"https://{HOST}/")
    assert (error.cause, list(error.phases)[-1]) == (cause, Phase.CONNECT)


def test_a_proxy_that_is_not_there_is_our_fault(through):
    with serving(Talk.hang) as proxy:
        through(proxy)
    error = failed(f"https://{HOST}/")
    assert error.cause is Cause.INTERNAL
    assert "nothing to do with it" in error.detail


@pytest.mark.parametrize("behaviour", [Talk.hang, lambda talk: talk.drip(b"HTTP/1.1 200 " + b"O" * 9_000)])
def test_a_slow_proxy_is_cut_at_the_deadline(behaviour, through):
    with serving(behaviour) as proxy:
        through(proxy)
        assert failed(f"https://{HOST}/", deadline=SHORT).cause is Cause.TIMEOUT
