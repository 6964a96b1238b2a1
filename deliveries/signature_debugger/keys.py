"""What is taken for the key of an HMAC. Pure."""

import base64
from collections.abc import Callable, Iterator

from deliveries.signature_debugger.mistakes import Mistake
from deliveries.signature_debugger.pasted import from_hex
from deliveries.signature_debugger.values import Secrets, Variant
from webhooks.masking import MASK
from webhooks.secret_keys import PREFIX, standard_secret

#: Secrets of other webhooks that are tried, so that no diagnosis takes long.
MOST_OTHERS = 20

#: What stands in for a secret that is not there, in the languages that partners use.
NO_SECRET = ("", "undefined", "null", "None", "nil", "false", "process.env.WEBHOOK_SECRET", "whsec_…")


def text_keys(secrets: Secrets) -> Iterator[Variant]:
    """Yield what is taken for the secret's text."""
    secret = secrets.documented
    text = secret.encode()
    yield Variant(decoded(secret), Mistake.KEY_DECODED)
    yield Variant(text.removeprefix(PREFIX.encode()), Mistake.KEY_WITHOUT_PREFIX)
    yield Variant(PREFIX.encode() + text, Mistake.KEY_WITH_PREFIX)
    yield Variant(standard_secret(secret).encode(), Mistake.KEY_IN_STANDARD_FORM)
    yield Variant(base64.b64encode(text), Mistake.KEY_ENCODED)
    yield Variant(from_hex(secret) or text, Mistake.KEY_ENCODED)
    yield from _damaged(text)
    yield from _wrong_secrets(secrets, str.encode)


def standard_keys(secrets: Secrets) -> Iterator[Variant]:
    """Yield what is taken for the decoded secret."""
    text = secrets.current.encode()
    yield Variant(text, Mistake.KEY_NOT_DECODED)
    yield Variant(text.removeprefix(PREFIX.encode()), Mistake.KEY_NOT_DECODED)
    yield from _damaged(text)
    yield from _wrong_secrets(secrets, decoded)


def _damaged(text: bytes) -> Iterator[Variant]:
    for before, after in ((b"", b"\n"), (b"", b"\r\n"), (b"", b" "), (b" ", b""), (b"\xef\xbb\xbf", b"")):
        yield Variant(before + text + after, Mistake.KEY_WHITESPACE)
    for quote in (b'"', b"'"):
        yield Variant(quote + text + quote, Mistake.KEY_QUOTED)
    for word in NO_SECRET:
        yield Variant(word.encode(), Mistake.KEY_MISSING)
    for dots in (MASK, 2 * MASK):
        yield Variant(dots.encode(), Mistake.KEY_MASKED)


def _wrong_secrets(secrets: Secrets, key_of: Callable[[str], bytes]) -> Iterator[Variant]:
    if secrets.overlaps:
        yield Variant(key_of(secrets.current), Mistake.NEW_SECRET)
    elif secrets.previous:
        yield Variant(key_of(secrets.previous), Mistake.PREVIOUS_SECRET)
    for other in filter(None, secrets.others[:MOST_OTHERS]):
        yield Variant(key_of(other), Mistake.OTHER_WEBHOOK)


def decoded(secret: str) -> bytes:
    """Return the key that the libraries for Standard Webhooks make of *secret*."""
    return base64.b64decode(standard_secret(secret).removeprefix(PREFIX))
