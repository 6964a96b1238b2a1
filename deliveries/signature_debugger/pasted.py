"""The text that was pasted as a signature to the bytes that it stands for. Pure."""

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from deliveries.signature_debugger.mistakes import Mistake
from deliveries.signature_debugger.values import DOCUMENTED, STANDARD

#: Words of it that are looked at: a header may carry two signatures.
MOST_WORDS = 10

#: How HMACs may be written, and which mistake that is in which header.
Written = Mapping[str, Mistake | None]
LOWER_HEX: Written = {DOCUMENTED: None, STANDARD: Mistake.HEX}
UPPER_HEX: Written = {DOCUMENTED: Mistake.UPPER_CASE, STANDARD: Mistake.HEX}
IN_BASE64: Written = {DOCUMENTED: Mistake.BASE64, STANDARD: None}
HEX_IN_BASE64: Written = {DOCUMENTED: Mistake.BASE64_OF_HEX, STANDARD: Mistake.BASE64_OF_HEX}


@dataclass(frozen=True, slots=True)
class Reading:
    """The bytes that a pasted text stands for, and what is wrong with the way each header has it written."""

    value: bytes
    wrong: Written
    is_prefixed: bool = False


def readings(pasted: str) -> Iterator[Reading]:
    """Yield the bytes that *pasted* can stand for, the likeliest first."""
    text = re.sub(r"^\s*(?:x-)?webhook-signature\s*[:=]", "", pasted, flags=re.IGNORECASE)
    for word in text.split()[:MOST_WORDS]:
        bare = word.strip("\"'`,;")
        bare = bare[2:] if bare.startswith(("b'", 'b"')) else bare
        is_prefixed = bool(re.match("(?:sha256|hmac|v1|v0)[=:]", bare, re.IGNORECASE))
        bare = re.sub("^(?:(?:sha256|hmac|v1|v0)[=:]|v1,)", "", bare, flags=re.IGNORECASE)
        yield from _readings_of(bare, is_prefixed=is_prefixed)


def _readings_of(word: str, *, is_prefixed: bool) -> Iterator[Reading]:
    if value := from_hex(word):
        yield Reading(value, LOWER_HEX if word == word.lower() else UPPER_HEX, is_prefixed)
    if value := _from_base64(word):
        yield Reading(value, IN_BASE64, is_prefixed)
        if inner := from_hex(value.decode("ascii", "replace")):
            yield Reading(inner, HEX_IN_BASE64, is_prefixed)


def from_hex(text: str) -> bytes:
    return bytes.fromhex(text) if re.fullmatch("(?:[0-9A-Fa-f]{2})+", text) else b""


def _from_base64(text: str) -> bytes:
    """Decode base64 of either alphabet, padded or not; nothing where it is none."""
    bare = text.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True)
    except (binascii.Error, ValueError):
        return b""
