"""Every name leads to this machine, and the tests' own authority is trusted."""

import socket
import ssl
from collections.abc import Iterator

import pytest
import trustme
from pytest_django import Settings

from deliveries.sender import connection
from tests.deliveries.sender import HOST, addresses
from tests.hostile import OK, answering, serving


@pytest.fixture(autouse=True)
def loopback(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    settings.WEBHOOKS_ALLOW_LOOPBACK = True
    settings.WEBHOOK_OWN_ADDRESSES = []
    monkeypatch.setattr(socket, "getaddrinfo", addresses("127.0.0.1"))


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="session")
def trusting(authority: trustme.CA) -> ssl.SSLContext:
    """Change whom the sender trusts, and nothing else about how it verifies."""
    context = connection.tls_context.__wrapped__()
    authority.configure_trust(context)
    return context


@pytest.fixture(autouse=True)
def trust(monkeypatch: pytest.MonkeyPatch, trusting: ssl.SSLContext) -> None:
    monkeypatch.setattr(connection, "tls_context", lambda: trusting)


@pytest.fixture(scope="session")
def good_tls(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(HOST).configure_cert(context)
    return context


@pytest.fixture
def healthy() -> Iterator[str]:
    """Return the URL of an endpoint that is as it should be."""
    with serving(answering(OK)) as server:
        yield f"http://{HOST}:{server.port}/"
