"""
What endpoints do on bad days and hostile ones on purpose, and what must become of it, by name.

Each is shown at the sender (tests/deliveries/sender) and in a worker with all others side by side
(tests/integration/test_hostile_endpoints.py). TOKEN in an answer stands for the endpoint's own.
"""

import gzip
import ssl
import time
import warnings
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from deliveries.causes import Cause
from tests.hostile import OK, TOKEN, Behaviour, Talk, answering, dripping, repeating

#: Whom the certificates are for, or should be.
HOST = "hooks.example.com"

# --- Over HTTP, encrypted or not ------------------------------------------------------------------

HEAD = b"HTTP/1.1 200 OK\r\n"
BOMB = gzip.compress(bytes(50_000_000), compresslevel=1)
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
EARLY_HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n"


def answer_without_reading(talk: Talk) -> None:
    talk.send(b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    talk.hang()


# Behaviour, then the status that counts, or the cause and the words that the developer reads.
ANSWERED: dict[str, tuple[Behaviour, int]] = {
    "200": (answering(HEAD + b"Content-Length: 8\r\n\r\n" + TOKEN), 200),
    "204 without a body": (answering(b"HTTP/1.1 204 No Content\r\n\r\n"), 204),
    "status without a reason": (answering(b"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n"), 200),
    "HTTP/1.0": (answering(b"HTTP/1.0 200 OK\r\n\r\n" + TOKEN), 200),
    "bare line feeds": (answering(b"HTTP/1.1 200 OK\nContent-Length: 8\n\n" + TOKEN), 200),
    "folded header": (answering(HEAD + b"X-A: 1\r\n 2\r\nContent-Length: 0\r\n\r\n"), 200),
    "500": (answering(b"HTTP/1.1 500 Oops\r\nContent-Length: 8\r\n\r\n" + TOKEN), 500),
    "429 with Retry-After": (answering(b"HTTP/1.1 429 Slow Down\r\nRetry-After: 9\r\n\r\n"), 429),
    "401 with a challenge": (answering(b"HTTP/1.1 401 No\r\nWWW-Authenticate: Basic\r\n\r\n"), 401),
    "407": (answering(b"HTTP/1.1 407 No\r\nProxy-Authenticate: Basic\r\n\r\n"), 407),
    "status that nobody knows": (answering(b"HTTP/1.1 799 Eh\r\nContent-Length: 0\r\n\r\n"), 799),
    "100 then 200": (answering(CONTINUE, OK), 200),
    "102 then 200": (answering(b"HTTP/1.1 102 Processing\r\n\r\n", OK), 200),
    "103 then 200": (answering(EARLY_HINTS, OK), 200),
    "103 then 500": (answering(EARLY_HINTS, b"HTTP/1.1 500 Oops\r\n\r\n"), 500),
    "answers before reading": (answer_without_reading, 413),
    "Content-Length too long": (answering(HEAD + b"Content-Length: 9\r\n\r\n" + TOKEN), 200),
    "Content-Length not a number": (answering(HEAD + b"Content-Length: two\r\n\r\n" + TOKEN), 200),
    "body reset": (answering(HEAD + b"Content-Length: 9\r\n\r\no", then=Talk.reset), 200),
    "body without end": (repeating(b"x" * 65_536, after=HEAD + b"\r\n"), 200),
    "cookies": (answering(HEAD + b"Set-Cookie: a=1; Path=/\r\n" * 50 + b"Content-Length: 0\r\n\r\n"), 200),
    "60 kB of cookie": (answering(HEAD + b"Set-Cookie: a=" + b"c" * 60_000 + b"\r\n\r\n"), 200),
    "offers another protocol": (
        answering(HEAD + b"Connection: upgrade\r\nUpgrade: h2c\r\nContent-Length: 0\r\n\r\n"),
        200,
    ),
    "a server error as body": (
        answering(HEAD + b"Content-Length: 8\r\n\r\n" + TOKEN + b"HTTP/1.1 500 Oops\r\n\r\n"),
        200,
    ),
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
    "never reads": Talk.hang,
    "reads slowly": Talk.read_slowly,
    "status line drips": dripping(b"HTTP/1.1 200 " + b"O" * 10_000),
    "headers drip": dripping(b"a" * 10_000, after=HEAD + b"X-A: "),
    "header lines drip": repeating(b"X-A: 1\r\n", after=HEAD, every=0.05),
    "half a header block, then nothing": answering(HEAD + b"Content-Length: 0\r\n", then=Talk.hang),
    "100 for ever": repeating(CONTINUE, every=0.05),
    "102 for ever": repeating(b"HTTP/1.1 102 Processing\r\n\r\n", every=0.05),
    "103 for ever": repeating(EARLY_HINTS, every=0.05),
    "103, then a late answer": answering(EARLY_HINTS, then=lambda talk: talk.send_later(OK, after=12)),
    "garbage drips": dripping(b"x" * 10_000),
}

BROKEN: dict[str, tuple[Behaviour, Cause, str]] = {
    "closes at once": (lambda _: None, Cause.DISCONNECT, "The connection was"),
    "resets at once": (Talk.reset, Cause.DISCONNECT, "The connection was"),
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

REDIRECTS = (300, 301, 302, 303, 304, 307, 308)


def redirecting(status_code: int, location: str) -> Behaviour:
    """Point to *location*."""
    head = f"HTTP/1.1 {status_code} Elsewhere\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"
    return answering(head.encode())


# --- In TLS ---------------------------------------------------------------------------------------

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


CERTIFICATES: dict[str, tuple[Callable[[trustme.CA], ssl.SSLContext], str]] = {
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


# --- Between two requests -------------------------------------------------------------------------

SMUGGLED = b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nsmuggled"
OWN = b"HTTP/1.1 500 Oops\r\nContent-Length: 3\r\n\r\nown"


def poisoning(*parts, pause=0.0):
    """Answer the first request of all with *parts*, every other with its own answer."""

    def behave(talk):
        while not talk.stop.is_set():
            talk.read_request()
            if len(talk.server.requests) > 1:
                talk.send(OWN)
                continue
            for part in parts:
                talk.send(part)
                time.sleep(pause)

    return behave


#: First answers that leave something behind, or may: each complete, as far as its first line says.
POISON = {
    "a second answer in one segment": (OK + SMUGGLED,),
    "a second answer in a segment of its own": (OK, SMUGGLED),
    "100 after the answer": (OK + b"HTTP/1.1 100 Continue\r\n\r\n",),
    "103 after the answer, in a segment of its own": (OK, b"HTTP/1.1 103 Early Hints\r\n\r\n" + SMUGGLED),
    "a line end too many": (OK + b"\r\n",),
    "half an answer": (OK + SMUGGLED[:20],),
    "a body where 204 has none": (b"HTTP/1.1 204 No Content\r\n\r\n" + SMUGGLED,),
    "a body where 304 has none": (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 2\r\n\r\n", SMUGGLED),
    "length with a plus": (HEAD + b"Content-Length: +2\r\n\r\nok" + SMUGGLED,),
    "length below zero": (HEAD + b"Content-Length: -2\r\n\r\nok" + SMUGGLED,),
    "length of zero, with a body": (HEAD + b"Content-Length: 0\r\n\r\n" + SMUGGLED,),
    "length twice in one line": (HEAD + b"Content-Length: 2, 2\r\n\r\nok" + SMUGGLED,),
    "length with an underscore": (HEAD + b"Content-Length: 0_2\r\n\r\nok" + SMUGGLED,),
    "length in full-width digits": (HEAD + "Content-Length: \uff12\r\n\r\nok".encode() + SMUGGLED,),
    "length folded": (HEAD + b"Content-Length:\r\n 2\r\n\r\nok" + SMUGGLED,),
    "length with a space before the colon": (HEAD + b"Content-Length : 2\r\n\r\nok" + SMUGGLED,),
    "chunks, then more": (CHUNKED + b"2\r\nok\r\n0\r\n\r\n" + SMUGGLED,),
    "trailers, then more": (CHUNKED + b"2\r\nok\r\n0\r\nX-T: 1\r\n\r\n" + SMUGGLED,),
    "an answer inside a trailer": (CHUNKED + b"0\r\n" + SMUGGLED,),
    "an answer inside a chunk extension": (CHUNKED + b'2;a="' + b"\r\n0\r\n\r\n" + SMUGGLED,),
    "chunk size with a prefix": (CHUNKED + b"0x2\r\nok\r\n0\r\n\r\n" + SMUGGLED,),
    "chunk without its line end": (CHUNKED + b"2\r\nokXX0\r\n\r\n" + SMUGGLED,),
    "chunked twice": (HEAD + b"Transfer-Encoding: chunked, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n" + SMUGGLED,),
    "chunked under another name": (HEAD + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + SMUGGLED,),
    "header split by a bare CR": (HEAD + b"X-A: 1\rContent-Length: 0\r\n\r\n" + SMUGGLED,),
    "status that hides a second one": (b"HTTP/1.1 200 OK\nHTTP/1.1 500 No\r\n\r\n" + SMUGGLED,),
    "Connection: close, then more": (HEAD + b"Connection: close\r\nContent-Length: 2\r\n\r\nok" + SMUGGLED,),
    "Upgrade, then more": (
        HEAD + b"Connection: upgrade\r\nUpgrade: x\r\nContent-Length: 0\r\n\r\n" + SMUGGLED,
    ),
}
