"""JSON objects that JSON libraries disagree on, at random but the same in every run."""

import random
import struct
from collections.abc import Iterator
from typing import Any

from deliveries.serialization import MAX_ARRAY_INDEX, MAX_SAFE_INTEGER

NUMBERS = [
    0, -1, 5000.0, -0.0, 0.1, 1e15, 1e16, 1.5e16, 123456789012345680000.0, 1e20, 1e21, 1e22, 1e-4, 1e-5, 1e-6,
    1e-7, 1.25e-7, 5e-324, 1.7976931348623157e308, MAX_SAFE_INTEGER, -MAX_SAFE_INTEGER, 9007199254740993.0,
]  # fmt: skip

CHARACTERS = [
    *'ab0"\\/\b\t\n\v\f\r\x00\x1f\x7f é\xa0\u2028\u2029\ufeff\uffff漢😀',
    "\U0001d4b3", "\ud800", "\udbff", "\udc00", "\udfff",
]  # fmt: skip

KEYS = [
    "a", "constructor", "toJSON", "length", "", "00", "01", "-0", "-1", "1.0", "1e3", " 1", "²", "\uff13",
    "Infinity",
    "0", "1", "2", "9", "10", str(MAX_ARRAY_INDEX), str(MAX_ARRAY_INDEX + 1), str(2**53), "9" * 30,
]  # fmt: skip


def documents(count: int, *, seed: int) -> Iterator[dict[str, Any]]:
    """Yield *count* objects; every hundredth is nested 90 deep."""
    chance = random.Random(seed)  # noqa: S311 - not a secret
    for number in range(count):
        document = _object(chance, depth=4)
        for _ in range(90 if number % 100 == 0 else 0):
            document = {_key(chance): document} | _object(chance, depth=1)
        yield document


def _object(chance: random.Random, *, depth: int) -> dict[str, Any]:
    # Keys that JavaScript takes for the same text are refused, so none may be drawn.
    members = {_key(chance): _value(chance, depth - 1) for _ in range(chance.randrange(6))}
    return {key: members[key] for key in {_as_utf16(key): key for key in members}.values()}


def _value(chance: random.Random, depth: int) -> Any:
    kind = chance.randrange(8 if depth else 6)
    if kind < 3:
        return _number(chance)
    if kind < 5:
        return _string(chance)
    if kind == 5:
        return chance.choice([None, True, False])
    if kind == 6:
        return [_value(chance, depth - 1) for _ in range(chance.randrange(5))]
    return _object(chance, depth=depth)


def _number(chance: random.Random) -> float:
    return chance.choice([
        chance.choice(NUMBERS),
        chance.randint(-MAX_SAFE_INTEGER, MAX_SAFE_INTEGER),
        float(f"{chance.uniform(-10, 10):.{chance.randrange(17)}f}e{chance.randint(-12, 26)}"),
        _any_double(chance),
    ])  # fmt: skip


def _any_double(chance: random.Random) -> float:
    """Return any finite double: its exponent is not all ones."""
    bits = chance.randrange(0x7FF << 52) | chance.getrandbits(1) << 63
    return float(*struct.unpack("<d", struct.pack("<Q", bits)))


def _string(chance: random.Random) -> str:
    return "".join(chance.choices(CHARACTERS, k=chance.randrange(12)))


def _key(chance: random.Random) -> str:
    return chance.choice([chance.choice(KEYS), str(chance.randrange(2**33)), _string(chance)])


def _as_utf16(text: str) -> bytes:
    return text.encode("utf-16-le", "surrogatepass")
