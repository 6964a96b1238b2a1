"""Every usual mistake, made on purpose, and what the debugger says of it."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deliveries.signature_debugger import DOCUMENTED, STANDARD, Mistake, Secrets, Signed, diagnose
from deliveries.signature_debugger.keys import MOST_OTHERS
from deliveries.signature_debugger.messages import MOST_TIMESTAMPS
from deliveries.signing import signature_headers
from webhooks.models import generate_secret
from webhooks.payload_fields import MAX_BODY_BYTES
from webhooks.secret_keys import standard_secret

DOCUMENT = {"type": "verification.completed", "data": {"name": "Zoë <&>", "url": "a/b", "amount": 5000}}
BODY = json.dumps(DOCUMENT, separators=(",", ":"), ensure_ascii=False).encode()
ID, TIMES = "msg_p5jXN8AQM9LWM0D4loKWxJek", (1614265330, 1614265331)

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
TYPED = "0123456789abcdef0123456789abcdef"
PREVIOUS = "whsec_plJ3nmyCDGBKInavdOK15jsl7prevold"
OTHER = "another-secret-of-the-same-partner"

SIGNED = Signed(BODY, ID, TIMES)
SECRETS = Secrets(SECRET, previous=PREVIOUS, others=(OTHER,))
ROLLING = Secrets(SECRET, previous=PREVIOUS, overlaps=True)
DECODED = base64.b64decode(SECRET.removeprefix("whsec_"))
CONTENT = f"{ID}.{TIMES[1]}.".encode() + BODY


def mac(message: bytes = BODY, key: bytes = SECRET.encode(), name: str = "sha256") -> bytes:
    return hmac.digest(key, message, name)


def hexed(message: bytes = BODY, key: bytes = SECRET.encode(), name: str = "sha256") -> str:
    return mac(message, key, name).hex()


def v1(message: bytes = CONTENT, key: bytes = DECODED, name: str = "sha256") -> str:
    return "v1," + base64.b64encode(mac(message, key, name)).decode()


def written(document: object = DOCUMENT, **options: object) -> bytes:
    return json.dumps(document, **options).encode()  # type: ignore[arg-type]


COMPACT = (",", ":")

#: What a server does, what it computes then, and what it is told.
DOCUMENTED_MISTAKES: list[tuple[str, str, Mistake]] = [
    ("upper-case hex", hexed().upper(), Mistake.UPPER_CASE),
    ("base64 instead of hex", base64.b64encode(mac()).decode(), Mistake.BASE64),
    ("base64 of URLs, unpadded", base64.urlsafe_b64encode(mac()).decode().rstrip("="), Mistake.BASE64),
    ("base64 of the hex", base64.b64encode(hexed().encode()).decode(), Mistake.BASE64_OF_HEX),
    ("sha256= before it", f"sha256={hexed()}", Mistake.PREFIXED),
    ("json.dumps", hexed(written()), Mistake.SPACED_JSON),
    ("json.dumps that keeps letters", hexed(written(ensure_ascii=False)), Mistake.SPACED_JSON),
    ("unicode escaped", hexed(written(separators=COMPACT)), Mistake.ASCII_JSON),
    ("JSON.stringify(…, null, 2)", hexed(written(indent=2, ensure_ascii=False)), Mistake.PRETTY_JSON),
    ("four blanks", hexed(written(indent=4)), Mistake.PRETTY_JSON),
    ("tabs", hexed(written(indent="\t", ensure_ascii=False)), Mistake.PRETTY_JSON),
    (
        "keys sorted",
        hexed(written(sort_keys=True, separators=COMPACT, ensure_ascii=False)),
        Mistake.SORTED_JSON,
    ),
    ("keys sorted by Python", hexed(written(sort_keys=True)), Mistake.SORTED_JSON),
    ("PHP's json_encode", hexed(written(separators=COMPACT).replace(b"/", b"\\/")), Mistake.ESCAPED_JSON),
    (
        "Go's json.Marshal",
        hexed(BODY.replace(b"<", b"\\u003c").replace(b">", b"\\u003e").replace(b"&", b"\\u0026")),
        Mistake.ESCAPED_JSON,
    ),
    (
        "data alone",
        hexed(written(DOCUMENT["data"], separators=COMPACT, ensure_ascii=False)),
        Mistake.PART_OF_BODY,
    ),
    ("[object Object]", hexed(b"[object Object]"), Mistake.BODY_AS_STRING),
    ("Python's str", hexed(str(DOCUMENT).encode()), Mistake.BODY_AS_STRING),
    (
        "stringified twice",
        hexed(json.dumps(BODY.decode(), ensure_ascii=False).encode()),
        Mistake.BODY_AS_STRING,
    ),
    ("trailing newline", hexed(BODY + b"\n"), Mistake.TRAILING_NEWLINE),
    ("trailing CRLF", hexed(BODY + b"\r\n"), Mistake.TRAILING_NEWLINE),
    ("empty body", hexed(b""), Mistake.EMPTY_BODY),
    ("empty object", hexed(b"{}"), Mistake.EMPTY_BODY),
    ("read as latin-1", hexed(BODY.decode("latin-1").encode()), Mistake.LATIN_1),
    ("written as latin-1", hexed(BODY.decode().encode("latin-1")), Mistake.LATIN_1),
    ("id.timestamp.body", hexed(CONTENT), Mistake.STANDARD_CONTENT),
    ("secret decoded", hexed(key=DECODED), Mistake.KEY_DECODED),
    ("secret without whsec_", hexed(key=SECRET.removeprefix("whsec_").encode()), Mistake.KEY_WITHOUT_PREFIX),
    ("secret in base64", hexed(key=base64.b64encode(SECRET.encode())), Mistake.KEY_ENCODED),
    ("line end after the secret", hexed(key=f"{SECRET}\n".encode()), Mistake.KEY_WHITESPACE),
    ("blank before the secret", hexed(key=f" {SECRET}".encode()), Mistake.KEY_WHITESPACE),
    ("quotes around the secret", hexed(key=f'"{SECRET}"'.encode()), Mistake.KEY_QUOTED),
    ("no secret", hexed(key=b""), Mistake.KEY_MISSING),
    ("undefined", hexed(key=b"undefined"), Mistake.KEY_MISSING),
    ("the dots", hexed(key="••••••••••••••••".encode()), Mistake.KEY_MASKED),
    ("previous secret", hexed(key=PREVIOUS.encode()), Mistake.PREVIOUS_SECRET),
    ("another webhook's secret", hexed(key=OTHER.encode()), Mistake.OTHER_WEBHOOK),
    ("SHA-1", hexed(name="sha1"), Mistake.OTHER_HASH),
    ("SHA-512", hexed(name="sha512"), Mistake.OTHER_HASH),
    ("no HMAC", hashlib.sha256(BODY).hexdigest(), Mistake.NO_HMAC),
    ("hash of secret and body", hashlib.sha256(SECRET.encode() + BODY).hexdigest(), Mistake.NO_HMAC),
    ("arguments swapped", hexed(SECRET.encode(), key=BODY), Mistake.SWAPPED),
]

STANDARD_MISTAKES: list[tuple[str, str, Mistake]] = [
    ("hex instead of base64", mac(CONTENT, DECODED).hex(), Mistake.HEX),
    ("body only", v1(BODY), Mistake.BODY_ALONE),
    ("timestamp.body", v1(f"{TIMES[0]}.".encode() + BODY), Mistake.NO_ID),
    ("id.body", v1(f"{ID}.".encode() + BODY), Mistake.NO_TIMESTAMP),
    ("milliseconds", v1(f"{ID}.{TIMES[0]}000.".encode() + BODY), Mistake.MILLISECONDS),
    ("json.dumps", v1(f"{ID}.{TIMES[0]}.".encode() + written()), Mistake.SPACED_JSON),
    ("trailing newline", v1(CONTENT + b"\n"), Mistake.TRAILING_NEWLINE),
    ("empty body", v1(f"{ID}.{TIMES[0]}.".encode()), Mistake.EMPTY_BODY),
    ("the secret's text", v1(key=SECRET.encode()), Mistake.KEY_NOT_DECODED),
    ("without whsec_", v1(key=SECRET.removeprefix("whsec_").encode()), Mistake.KEY_NOT_DECODED),
    ("another webhook's secret", v1(key=OTHER.encode()), Mistake.OTHER_WEBHOOK),
    ("SHA-512", v1(name="sha512"), Mistake.OTHER_HASH),
    ("no HMAC", "v1," + base64.b64encode(hashlib.sha256(CONTENT).digest()).decode(), Mistake.NO_HMAC),
    ("arguments swapped", v1(DECODED, key=CONTENT), Mistake.SWAPPED),
]


@pytest.mark.parametrize(
    ("pasted", "header", "mistake"),
    [
        pytest.param(pasted, header, mistake, id=f"{header}: {name}")
        for header, table in ((DOCUMENTED, DOCUMENTED_MISTAKES), (STANDARD, STANDARD_MISTAKES))
        for name, pasted, mistake in table
    ],
)
def test_each_mistake_is_recognised(pasted, header, mistake):
    verdict = diagnose(pasted, SIGNED, SECRETS)
    assert (verdict.header, verdict.mistakes) == (header, (mistake,))
    assert not verdict.is_right


TYPED_MISTAKES: list[tuple[str, Mistake]] = [
    (hexed(key=f"whsec_{TYPED}".encode()), Mistake.KEY_WITH_PREFIX),
    (hexed(key=standard_secret(TYPED).encode()), Mistake.KEY_IN_STANDARD_FORM),
    (hexed(key=bytes.fromhex(TYPED)), Mistake.KEY_ENCODED),
]


@pytest.mark.parametrize(("pasted", "mistake"), TYPED_MISTAKES)
def test_a_typed_secret_has_mistakes_of_its_own(pasted, mistake):
    assert diagnose(pasted, SIGNED, Secrets(TYPED)).mistakes == (mistake,)


def test_while_a_rolled_secret_overlaps_the_documented_header_stays_with_the_old_one():
    assert diagnose(hexed(key=PREVIOUS.encode()), SIGNED, ROLLING).is_right
    assert diagnose(hexed(), SIGNED, ROLLING).mistakes == (Mistake.NEW_SECRET,)
    assert diagnose(v1(), SIGNED, ROLLING).is_right
    previous_key = base64.b64decode(PREVIOUS.removeprefix("whsec_") + "==")
    assert diagnose(v1(key=previous_key), SIGNED, ROLLING).is_right


def test_a_body_of_theirs_that_is_not_ours_is_told_apart_from_a_wrong_calculation():
    theirs = BODY.replace(b"5000", b"5000.0")
    signed = Signed(BODY, ID, TIMES, theirs=theirs)
    assert diagnose(hexed(theirs), signed, SECRETS).mistakes == (Mistake.OTHER_BYTES,)
    assert diagnose(hexed(), signed, SECRETS).is_right


def test_two_mistakes_at_once_are_both_named():
    pasted = hexed(written(), key=DECODED).upper()
    expected = {Mistake.KEY_DECODED, Mistake.SPACED_JSON, Mistake.UPPER_CASE}
    assert set(diagnose(pasted, SIGNED, SECRETS).mistakes) == expected


WRAPPINGS: list[Callable[[str], str]] = [
    lambda text: f"  {text}\n",
    lambda text: f'"{text}"',
    lambda text: f"x-webhook-signature: {text}",
    lambda text: f"b'{text}'",
]


@pytest.mark.parametrize("wrap", WRAPPINGS)
def test_what_is_copied_along_does_not_matter(wrap):
    assert diagnose(wrap(hexed()), SIGNED, SECRETS).is_right


@pytest.mark.parametrize(
    ("pasted", "words"),
    [
        ("", "neither hex nor base64"),
        ("what?", "neither hex nor base64"),
        ("0" * 32, "as MD5 makes them"),
        ("0" * 128, "as SHA-512 makes them"),
        ("0" * 60, "It has 30 bytes"),
        ("0" * 64, "none of the usual mistakes"),
    ],
)
def test_what_is_not_recognised_is_described(pasted, words):
    verdict = diagnose(pasted, SIGNED, SECRETS)
    assert words in verdict.reason
    assert (verdict.header, verdict.mistakes) == ("", ())


def test_a_body_alone_is_enough_for_the_documented_header():
    assert diagnose(hexed(), Signed(BODY), SECRETS).is_right


def test_every_mistake_has_a_test():
    shown = {mistake for _, _, mistake in (*DOCUMENTED_MISTAKES, *STANDARD_MISTAKES)}
    shown |= {mistake for _, mistake in TYPED_MISTAKES} | {Mistake.NEW_SECRET, Mistake.OTHER_BYTES}
    # JSON with blanks is never what we send, but somebody may paste a body that has some.
    blanks = diagnose(hexed(), Signed(written(ensure_ascii=False)), SECRETS).mistakes
    assert shown | set(blanks) == set(Mistake)
    assert all(mistake.title and mistake.fix.endswith(".") for mistake in Mistake)


def test_secrets_do_not_show_themselves():
    assert SECRET not in repr(SECRETS)


# --- Whatever is pasted ------------------------------------------------------------------------------


@given(body=st.binary(max_size=200), timestamp=st.integers(0, 2**40), text=st.text(max_size=40))
def test_our_own_signatures_are_always_right(body, timestamp, text):
    secret = generate_secret() if not text.strip() else text
    headers = signature_headers(body, message_id=ID, timestamp=timestamp, secret=secret)
    signed = Signed(body, ID, (timestamp,))
    for name in (DOCUMENTED, STANDARD):
        verdict = diagnose(headers[name], signed, Secrets(secret, others=("other",)))
        assert (verdict.header, verdict.is_right) == (name, True)


NESTED = st.integers(1, 100_000).map(lambda depth: b"[" * depth)


@settings(max_examples=200)
@given(
    pasted=st.one_of(st.text(), st.from_regex("v1,[A-Za-z0-9+/=]{0,90}"), st.from_regex("[0-9a-f]{0,130}")),
    body=st.one_of(st.binary(), NESTED, st.just(b'{"n":' + b"9" * 5000 + b"}"), st.just(b'"\\ud800"')),
    secret=st.text(min_size=1),
)
def test_nothing_that_is_pasted_breaks_it(pasted, body, secret):
    verdict = diagnose(pasted, Signed(body, ID, TIMES, theirs=body[:5]), Secrets(secret, others=(secret, "")))
    assert not verdict.is_right
    assert verdict.reason or verdict.mistakes


def seconds(pasted: str, size: int) -> float:
    """Return how long the costliest diagnosis of a body of *size* bytes takes."""
    body = b'{"a":"' + b"x" * (size - 8) + b'"}'
    signed = Signed(body, ID, tuple(range(MOST_TIMESTAMPS * 2)), theirs=b"{}")
    secrets = Secrets(SECRET, previous=PREVIOUS, others=("o",) * MOST_OTHERS * 2)
    began = time.process_time()
    diagnose(pasted, signed, secrets)
    return time.process_time() - began


def test_the_time_grows_with_the_body_and_does_not_depend_on_what_was_pasted():
    large = [seconds(pasted, MAX_BODY_BYTES) for pasted in ("00" * 32, hexed(b"{}"), "x" * 100_000)]
    assert max(large) < 5
    assert seconds("00" * 32, MAX_BODY_BYTES // 10) < max(large)
