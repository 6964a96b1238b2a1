"""The encrypted connection: only to whom the URL names, and with words for whatever is wrong."""

import ssl
import warnings
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from deliveries.causes import Cause
from deliveries.sender import Phase, connection, post
from deliveries.sender.connection import tls_context
from deliveries.sender.failures import certificate_fault
from tests.deliveries.sender import BODY, HEADERS, HOST, SHORT, failed
from tests.hostile import OK, Behaviour, Talk, answering, serving

pytestmark = pytest.mark.enable_socket

NOW = datetime.now(UTC)
TLS_HEADER = b"\x16\x03\x03\x40\x00"


def context_of(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


def expired(authority: trustme.CA) -> ssl.SSLContext:
    ended = datetime(2024, 2, 29, 12, 30, tzinfo=UTC)
    return context_of(authority.issue_cert(HOST, not_before=ended - timedelta(days=90), not_after=ended))


def not_yet_valid(authority: trustme.CA) -> ssl.SSLContext:
    begins = NOW + timedelta(days=2)
    return context_of(authority.issue_cert(HOST, not_before=begins, not_after=begins + timedelta(days=9)))


def wrong_host(authority: trustme.CA) -> ssl.SSLContext:
    return context_of(authority.issue_cert("shop.example.com", "www.example.com"))


def many_wrong_hosts(authority: trustme.CA) -> ssl.SSLContext:
    return context_of(authority.issue_cert(*(f"shop{n}.example.com" for n in range(9))))


def wildcard_of_another_level(authority: trustme.CA) -> ssl.SSLContext:
    return context_of(authority.issue_cert("*.hooks.example.com"))


def name_in_the_subject_only(authority: trustme.CA) -> ssl.SSLContext:
    return context_of(authority.issue_cert("shop.example.com", common_name=HOST))


def unknown_issuer(_: trustme.CA) -> ssl.SSLContext:
    return context_of(trustme.CA().issue_cert(HOST))


def self_signed(_: trustme.CA) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOST)])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, NOW, NOW + timedelta(days=9))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = certificate.public_bytes(serialization.Encoding.PEM)
    return context_of(trustme.LeafCert(private, public, []))


def old_protocol(version: ssl.TLSVersion) -> Callable[[trustme.CA], ssl.SSLContext]:
    def context(authority: trustme.CA) -> ssl.SSLContext:
        old = context_of(authority.issue_cert(HOST))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            old.minimum_version = old.maximum_version = version
        old.set_ciphers("ALL:@SECLEVEL=0")
        return old

    return context


def client_certificate(authority: trustme.CA) -> ssl.SSLContext:
    context = context_of(authority.issue_cert(HOST))
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    return context


FAULTS: dict[str, tuple[Callable[[trustme.CA], ssl.SSLContext], str]] = {
    "expired": (expired, "The certificate expired on 29 February 2024 at 12:30 UTC."),
    "not yet valid": (not_yet_valid, f"is not valid before {NOW + timedelta(days=2):%-d %B %Y}."),
    "wrong host": (wrong_host, f"is for shop.example.com, www.example.com, not for {HOST}."),
    "many wrong hosts": (many_wrong_hosts, "shop2.example.com, 6 more, not for"),
    "wildcard of another level": (wildcard_of_another_level, f"is for *.hooks.example.com, not for {HOST}."),
    "name in the subject only": (name_in_the_subject_only, f"is for shop.example.com, not for {HOST}."),
    "unknown issuer": (unknown_issuer, "issuer is unknown"),
    "self-signed": (self_signed, "self-signed"),
    "TLS 1.0": (old_protocol(ssl.TLSVersion.TLSv1), "older than 1.2"),
    "TLS 1.1": (old_protocol(ssl.TLSVersion.TLSv1_1), "older than 1.2"),
    "client certificate": (client_certificate, "asks us for a client certificate"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_what_does_not_hold_is_refused_in_plain_words(name: str, authority: trustme.CA) -> None:
    """What does not hold is refused before anything is sent, in plain words."""
    make_context, words = FAULTS[name]
    with serving(answering(OK), tls=make_context(authority)) as server:
        error = failed(f"https://{HOST}:{server.port}/")
    assert error.cause is Cause.TLS
    assert words in error.detail
    assert server.requests == []


def hello(then: Behaviour) -> Behaviour:
    """Read what the client begins with, then go on."""

    def behave(talk: Talk) -> None:
        talk.connection.recv(65_536)
        then(talk)

    return behave


NO_TLS: dict[str, tuple[Behaviour, Cause, str]] = {
    "closes at once": (lambda _: None, Cause.TLS, "closed during the TLS handshake"),
    "resets in the handshake": (hello(Talk.reset), Cause.TLS, "closed during the TLS handshake"),
    "half a handshake": (hello(lambda t: t.send(TLS_HEADER)), Cause.TLS, "closed during the TLS handshake"),
    "plain http": (hello(lambda t: t.send(OK)), Cause.TLS, "does not speak TLS"),
    "no certificate for the name": (
        hello(lambda t: t.send(b"\x15\x03\x03\x00\x02\x02\x70")),
        Cause.TLS,
        "no certificate for this host name",
    ),
    "nothing in common": (
        hello(lambda t: t.send(b"\x15\x03\x03\x00\x02\x02\x28")),
        Cause.TLS,
        "handshake failure",
    ),
    "garbage in the handshake": (
        hello(lambda t: t.send(TLS_HEADER + b"\xff" * 0x4000)),
        Cause.TLS,
        "could not be made",
    ),
    "says nothing": (hello(Talk.hang), Cause.TIMEOUT, "waiting for the TLS handshake"),
    "handshake drips": (
        hello(lambda t: t.drip(TLS_HEADER + b"\x02\x00\x3f\xf0" + bytes(10_000))),
        Cause.TIMEOUT,
        "waiting for the TLS handshake",
    ),
}


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
