"""
What a partner's server computed, and which usual mistake makes it differ from our signature. Pure.

Every mistake is made on purpose (keys.py, messages.py), and what comes of it compared with what was
pasted (pasted.py).
"""

import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, product

from deliveries.signature_debugger.keys import decoded, standard_keys, text_keys
from deliveries.signature_debugger.messages import MOST_TIMESTAMPS, bodies, with_time, without_parts
from deliveries.signature_debugger.mistakes import Mistake
from deliveries.signature_debugger.pasted import Reading, readings
from deliveries.signature_debugger.values import DOCUMENTED, STANDARD, Secrets, Signed, Variant

__all__ = ["DOCUMENTED", "MAX_PASTED", "STANDARD", "Mistake", "Secrets", "Signed", "Verdict", "diagnose"]

#: Bytes of an HMAC-SHA256.
LENGTH = 32

#: Characters of what is pasted as a signature.
MAX_PASTED = 1_000

NOT_USUAL = (
    "It is as long as our signatures are, and comes from none of the usual mistakes. Log on your server how "
    "many bytes the body has, with its first and last characters, and compare them with the body on the "
    "delivery's page. If they are the same, compare the secret likewise."
)

ALGORITHMS = {16: "MD5", 20: "SHA-1", 28: "SHA-224", 48: "SHA-384", 64: "SHA-512"}
OTHER_HASHES = ("sha1", "sha384", "sha512")


@dataclass(frozen=True, slots=True)
class Verdict:
    """Which of our headers was meant, if that is clear, and what is wrong with the attempt at it."""

    header: str = ""
    mistakes: tuple[Mistake, ...] = ()
    #: Why it cannot be either of them, or what was ruled out.
    reason: str = ""

    @property
    def is_right(self) -> bool:
        return bool(self.header) and not self.mistakes


def diagnose(pasted: str, signed: Signed, secrets: Secrets) -> Verdict:
    """
    Say whether *pasted* is a signature of *signed*, or which usual mistakes lead to it.

    Every mistake is tried each time, so that the time taken tells nothing about what matched.
    """
    read = list(readings(pasted[:MAX_PASTED]))
    if not read:
        return Verdict(reason="It is neither hex nor base64. Paste the text of the signature alone.")
    found: dict[tuple[str, bytes], Verdict] = {}
    for digest, verdict in chain(_documented(signed, secrets), _standard(signed, secrets)):
        _keep(found, digest, verdict)
    verdicts = [verdict for reading in read for verdict in _written(reading, found)]
    return min(verdicts, key=lambda each: len(each.mistakes), default=_unknown(read[0]))


def _keep(found: dict[tuple[str, bytes], Verdict], digest: bytes, verdict: Verdict) -> None:
    """Remember the shortest explanation of *digest*."""
    known = found.get((verdict.header, digest))
    if known is None or len(verdict.mistakes) < len(known.mistakes):
        found[verdict.header, digest] = verdict


def _written(reading: Reading, found: dict[tuple[str, bytes], Verdict]) -> Iterator[Verdict]:
    """Yield what the bytes were found to be, with what is wrong about how they are written."""
    for header, wrong in reading.wrong.items():
        if verdict := found.get((header, reading.value)):
            written = [wrong] if wrong else []
            written += [Mistake.PREFIXED] if reading.is_prefixed else []
            yield Verdict(header, (*verdict.mistakes, *written))


def _unknown(reading: Reading) -> Verdict:
    length = len(reading.value)
    if length == LENGTH:
        return Verdict(reason=NOT_USUAL)
    if algorithm := ALGORITHMS.get(length):
        return Verdict(
            reason=f"It has {length} bytes, as {algorithm} makes them. Use SHA-256, which makes {LENGTH}."
        )
    return Verdict(
        reason=f"It has {length} bytes, and our signatures have {LENGTH}. Paste the whole of it, alone."
    )


def _documented(signed: Signed, secrets: Secrets) -> Iterator[tuple[bytes, Verdict]]:
    """Yield every HMAC that was meant for x-webhook-signature: of each key with each message."""
    keys = [Variant(secrets.documented.encode()), *text_keys(secrets)]
    messages = [Variant(signed.body), *bodies(signed), *with_time(signed)]
    for key, message in product(keys, messages):
        yield _hmac(key.value, message.value), _verdict(DOCUMENTED, key, message)
    yield from _otherwise(DOCUMENTED, keys[0], messages[0])


def _standard(signed: Signed, secrets: Secrets) -> Iterator[tuple[bytes, Verdict]]:
    """Yield those that were meant for webhook-signature: one slip in the key or in the message."""
    if not signed.message_id:
        return
    holding = [secrets.current, *([secrets.previous] if secrets.overlaps else [])]
    right, rewritten = [Variant(decoded(secret)) for secret in holding], bodies(signed)
    for timestamp in signed.timestamps[-MOST_TIMESTAMPS:]:
        begin = f"{signed.message_id}.{timestamp}.".encode()
        whole = Variant(begin + signed.body)
        messages = [whole, *(Variant(begin + each.value, each.mistake) for each in rewritten)]
        messages += without_parts(signed, timestamp)
        slips = product(standard_keys(secrets), [whole])
        for key, message in chain(product(right, messages), slips):
            yield _hmac(key.value, message.value), _verdict(STANDARD, key, message)
        yield from _otherwise(STANDARD, right[0], whole)


def _otherwise(header: str, key: Variant, message: Variant) -> Iterator[tuple[bytes, Verdict]]:
    """Yield what other calculations make of the right key and message."""
    for name in OTHER_HASHES:
        yield hmac.digest(key.value, message.value, name), Verdict(header, (Mistake.OTHER_HASH,))
    for text in (message.value, key.value + message.value, message.value + key.value):
        yield hashlib.sha256(text).digest(), Verdict(header, (Mistake.NO_HMAC,))
    yield _hmac(message.value, key.value), Verdict(header, (Mistake.SWAPPED,))


def _hmac(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, "sha256")


def _verdict(header: str, key: Variant, message: Variant) -> Verdict:
    return Verdict(header, tuple(each.mistake for each in (key, message) if each.mistake))
