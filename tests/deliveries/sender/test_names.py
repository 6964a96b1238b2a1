"""Name resolution: bounded, judged whole, and asked once."""

import socket
import threading
import time
from collections.abc import Iterator

import gevent
import pytest
from pytest_django import Settings

from deliveries.causes import Cause
from deliveries.sender import Response, SendError, names
from tests.deliveries.sender import HOST, SHORT, Resolve, addresses, attempt, failed
from tests.hostile import OK, answering, serving

pytestmark = pytest.mark.enable_socket

PUBLIC, PRIVATE = "93.184.216.34", "10.0.0.1"


@pytest.fixture
def silence(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """No name server answers, for names that begin with "silent"; return who was asked for."""
    asked: list[str] = []
    end = threading.Event()

    def getaddrinfo(host: str, port: int, **_: object) -> list[names.AddressInfo]:
        asked.append(host)
        if host.startswith("silent"):
            end.wait(20)
        return addresses("127.0.0.1")(host, port)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    monkeypatch.setattr(names, "DNS_DEADLINE", SHORT)
    yield asked
    end.set()


def resolving(monkeypatch: pytest.MonkeyPatch, *answers: Resolve | Exception) -> list[str]:
    """Have look-ups answered by *answers* in turn; return who was asked for."""
    asked: list[str] = []
    following = iter(answers)

    def getaddrinfo(host: str, port: int, **_: object) -> list[names.AddressInfo]:
        asked.append(host)
        answer = next(following)
        if isinstance(answer, Exception):
            raise answer
        return answer(host, port)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), "no address in the public DNS"),
        (socket.gaierror(socket.EAI_AGAIN, "Temporary failure"), "failed to answer"),
        (addresses(), "no address in the public DNS"),
    ],
)
def test_a_name_without_address_is_a_dns_failure(
    monkeypatch: pytest.MonkeyPatch, answer: Resolve | Exception, words: str
) -> None:
    """A name without address is a failure of DNS."""
    resolving(monkeypatch, answer)
    error = failed(f"https://{HOST}/")
    assert error.cause is Cause.DNS
    assert words in error.detail


def test_a_silent_name_server_is_cut_at_its_own_bound(silence: list[str]) -> None:
    """A silent name server is cut long before the deadline."""
    began = time.monotonic()
    error = failed("https://silent.example.com/")
    assert time.monotonic() - began < SHORT + 0.5
    assert error.cause is Cause.DNS
    assert f"did not answer within {SHORT} seconds" in error.detail
    assert silence == ["silent.example.com"]


def test_the_bound_is_three_seconds() -> None:
    """Three seconds are what a look-up may take."""
    assert names.DNS_DEADLINE == 3.0


def test_a_silent_name_holds_one_thread_and_nobody_else_up(silence: list[str]) -> None:
    """A silent name holds one thread, however many deliveries it is owed, and nobody else up."""
    with serving(answering(OK)) as server:
        silent = [gevent.spawn(failed, "https://silent2.example.com/") for _ in range(50)]
        gevent.sleep(0)
        assert isinstance(attempt(f"http://{HOST}:{server.port}/", deadline=SHORT), Response)
        assert {each.get().cause for each in silent} == {Cause.DNS}
    assert sorted(silence) == [HOST, "silent2.example.com"]


@pytest.mark.parametrize(
    "ips",
    [
        (PRIVATE,),
        (PUBLIC, PRIVATE),
        ("127.0.0.1",),
        ("169.254.169.254",),
        (PUBLIC, "fd00::1"),
        ("::ffff:10.0.0.1",),
        (*[PUBLIC] * 20, PRIVATE),
    ],
)
def test_one_forbidden_address_rejects_the_name(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, ips: tuple[str, ...]
) -> None:
    """One forbidden address rejects the whole name, before any connection, and is not told."""
    settings.WEBHOOKS_ALLOW_LOOPBACK = False
    monkeypatch.setattr("deliveries.sender.connection.socket.socket", None)
    resolving(monkeypatch, addresses(*ips))
    error = failed(f"https://{HOST}/")
    assert error.cause is Cause.FORBIDDEN_ADDRESS
    assert "not on the public internet" in error.detail
    assert not any(ip in error.detail for ip in ips)


def test_our_own_address_rejects_the_name(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    """A name that leads back to us is rejected."""
    settings.WEBHOOK_OWN_ADDRESSES = [PUBLIC]
    resolving(monkeypatch, addresses(PUBLIC))
    assert failed(f"https://{HOST}/").cause is Cause.FORBIDDEN_ADDRESS


def test_a_name_is_looked_up_once_so_that_it_cannot_change_its_mind(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was checked is what we connect to: there is no second look-up to be answered otherwise."""
    with serving(answering(OK)) as server:
        asked = resolving(monkeypatch, addresses("127.0.0.1"), addresses("127.0.0.2"))
        assert isinstance(attempt(f"http://{HOST}:{server.port}/"), Response)
    assert asked == [HOST]


def test_each_delivery_looks_its_name_up_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that moves is followed with the next delivery."""
    with serving(answering(OK)) as server:
        url = f"http://{HOST}:{server.port}/"
        resolving(monkeypatch, addresses("127.0.0.1"), addresses("127.0.0.2"))
        assert isinstance(attempt(url), Response)
        assert isinstance(attempt(url), SendError)


@pytest.mark.parametrize(
    ("ips", "succeeds"),
    [
        (("127.0.0.2", "127.0.0.1"), True),
        (("127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.1"), True),
        (("127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5", "127.0.0.1"), False),
    ],
)
def test_four_addresses_are_tried(
    monkeypatch: pytest.MonkeyPatch, ips: tuple[str, ...], succeeds: bool
) -> None:
    """The first four addresses are tried, one after the other."""
    resolving(monkeypatch, addresses(*ips))
    with serving(answering(OK)) as server:
        outcome = attempt(f"http://{HOST}:{server.port}/")
    assert isinstance(outcome, Response) == succeeds
    assert succeeds or (isinstance(outcome, SendError) and outcome.cause is Cause.CONNECT)
