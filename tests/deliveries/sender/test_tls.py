"""The encrypted connection: only to whom the URL names, and with words for whatever is wrong."""

import ssl

import pytest
import trustme

from deliveries.causes import Cause
from deliveries.sender import Phase, connection, post
from deliveries.sender.connection import tls_context
from deliveries.sender.failures import certificate_fault
from tests.behaviours import CERTIFICATES, NO_TLS, expired
from tests.deliveries.sender import BODY, HEADERS, HOST, SHORT, failed
from tests.hostile import OK, answering, serving

pytestmark = pytest.mark.enable_socket


@pytest.mark.parametrize("name", CERTIFICATES)
def test_what_does_not_hold_is_refused_in_plain_words(name: str, authority: trustme.CA) -> None:
    """What does not hold is refused before anything is sent, in plain words."""
    make_context, words = CERTIFICATES[name]
    with serving(answering(OK), tls=make_context(authority)) as server:
        error = failed(f"https://{HOST}:{server.port}/")
    assert error.cause is Cause.TLS
    assert words in error.detail
    assert server.requests == []


@pytest.mark.parametrize("name", NO_TLS)
def test_a_handshake_that_fails_is_named(name: str) -> None:
    """A handshake that fails or never ends is named."""
    behaviour, cause, words = NO_TLS[name]
    with serving(behaviour) as server:
        error = failed(f"https://{HOST}:{server.port}/", deadline=SHORT)
    assert (error.cause, list(error.phases)[-1]) == (cause, Phase.TLS)
    assert words in error.detail


def test_the_endpoint_learns_the_name_it_is_called_by(good_tls: ssl.SSLContext) -> None:
    """The server is told the name in the URL, as Host and in the handshake."""
    with serving(answering(OK), tls=good_tls) as server:
        post(f"https://{HOST}:{server.port}/", HEADERS, BODY)
    assert server.names == [HOST]
    assert f"\r\nHost: {HOST}:{server.port}\r\n".encode() in server.requests[0]


def test_only_public_authorities_and_new_protocols_are_trusted() -> None:
    """What verifies in production trusts public authorities only, checks names, and starts at TLS 1.2."""
    context: ssl.SSLContext = tls_context.__wrapped__()
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert len(context.get_ca_certs()) > 50


def test_a_certificate_that_cannot_be_read_is_refused_all_the_same(
    monkeypatch: pytest.MonkeyPatch, authority: trustme.CA
) -> None:
    """Without the certificate's particulars the words are fewer, and still true."""
    monkeypatch.setattr(connection, "presented_certificate", lambda _: None)
    with serving(answering(OK), tls=expired(authority)) as server:
        assert failed(f"https://{HOST}:{server.port}/").detail == "The certificate expired."


def test_a_fault_without_words_of_ours_keeps_those_of_openssl() -> None:
    """A fault that has no words of ours keeps those of OpenSSL."""
    error = ssl.SSLCertVerificationError()
    error.verify_code, error.verify_message = 23, "certificate revoked"
    assert (
        certificate_fault(error, HOST, None).detail == "The certificate does not hold: certificate revoked."
    )
