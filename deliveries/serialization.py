"""The body's bytes: a fixed point of JSON.stringify∘JSON.parse. Pure."""

import math
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from json.encoder import encode_basestring
from typing import Any

from portal import json_paths
from portal.json_paths import MAX_SAFE_INTEGER

#: JavaScript moves the keys "0" to this one to the front of an object, in ascending order.
MAX_ARRAY_INDEX = 2**32 - 2

#: Objects and arrays inside one another. Also what ends a structure that contains itself.
MAX_DEPTH = 100


class _Refused(Exception):  # noqa: N818 - a message on its way up, gathering its path
    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.steps: list[str] = []


def dumps(value: Any) -> bytes:
    """
    Return *value* as the UTF-8 JSON that JavaScript would write after reading it.

    Takes mappings with string keys, lists, tuples, str, bool, int, float, None and their subclasses.
    Source: ECMA-262, JSON.stringify, Number::toString and OrdinaryOwnPropertyKeys.

    Raises:
        ValueError: JavaScript would read something else than was meant; the message begins with
            the path ("$.data.proofData.income[3].amount: ...") and never shows a value.

    """
    try:
        return _utf8(_text(value, MAX_DEPTH))
    except _Refused as refused:
        path = json_paths.shortened("".join(reversed([*refused.steps, "$"])))
        raise ValueError(f"{path}: {refused}") from None


def _utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        # Since ES2019 a surrogate without its partner is written as its escape, \udXXX.
        return _join_surrogates(text).encode(errors="backslashreplace")


def _join_surrogates(text: str) -> str:
    """Make one character of each surrogate pair, as JavaScript's UTF-16 strings have it."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


def _text(value: Any, room: int) -> str:  # noqa: PLR0911 - one line a kind of value
    if isinstance(value, str):
        return encode_basestring(value)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return _integer(value)
    if isinstance(value, float):
        return _float(value)
    if isinstance(value, (list, tuple)):
        return _array(value, room)
    # dict first: asking an abstract class is slow.
    if isinstance(value, (dict, Mapping)):
        return _object(value, room)
    raise _Refused(
        f"JSON has no {type(value).__name__}; send a string, number, boolean, None, list or mapping instead."
    )


def _integer(value: int) -> str:
    if not -MAX_SAFE_INTEGER <= value <= MAX_SAFE_INTEGER:
        raise _Refused("an integer beyond ±(2^53-1) loses digits in JavaScript; send it as a string.")
    return int.__repr__(value)


def _float(value: float) -> str:
    if not math.isfinite(value):
        raise _Refused("JSON has no NaN and no infinity; send None or leave the key out.")
    if value == 0:
        return "0"
    # The digits are those of JavaScript, the shortest that read back; only their layout differs.
    text = float.__repr__(value)
    if "e" not in text:
        return text.removesuffix(".0")
    if 1e-6 <= abs(value) < 1e21:
        return format(Decimal(text), "f")
    digits, exponent = text.split("e")
    return f"{digits}e{int(exponent):+d}"


def _array(values: Iterable[Any], room: int) -> str:
    _require(room)
    items: list[str] = []
    for value in values:
        try:
            items.append(_text(value, room - 1))
        except _Refused as refused:
            refused.steps.append(json_paths.step(len(items)))
            raise
    return "[" + ",".join(items) + "]"


def _object(values: Mapping[Any, Any], room: int) -> str:
    _require(room)
    members: dict[str, str] = {}
    for key, value in values.items():
        name = _name(key)
        if name in members:
            raise _Refused("two of its keys are the same text to JavaScript; leave one out.")
        try:
            members[name] = f"{encode_basestring(name)}:{_text(value, room - 1)}"
        except _Refused as refused:
            refused.steps.append(json_paths.step(name))
            raise
    return "{" + ",".join(_in_order(members)) + "}"


def _require(room: int) -> None:
    if not room:
        raise _Refused(
            f"nested deeper than {MAX_DEPTH} levels, or contains itself; send a flatter structure."
        )


def _name(key: Any) -> str:
    if not isinstance(key, str):
        raise _Refused(f"one of its keys is of type {type(key).__name__}; use strings as keys.")
    # A subclass may compare as it likes: go on with its plain text.
    name = str.__str__(key)
    if name == "__proto__":
        raise _Refused('the key "__proto__" can change the receiver\'s objects; use another name.')
    return name if name.isascii() else _join_surrogates(name)


def _in_order(members: Mapping[str, str]) -> Iterable[str]:
    """Return the members' texts in JavaScript's order: array indexes ascending, then as they came."""
    if not any(map(str.isdigit, members)):
        return members.values()
    indexes = sorted(filter(_is_array_index, members), key=int)
    return [members[name] for name in dict.fromkeys([*indexes, *members])]


def _is_array_index(name: str) -> bool:
    # At most ten digits are read: int() refuses thousands. "01" and "²" are digits, but no indexes.
    return re.fullmatch("0|[1-9][0-9]{0,9}", name) is not None and int(name) <= MAX_ARRAY_INDEX
