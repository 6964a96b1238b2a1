"""Deliveries, the body's bytes: what JavaScript would write after reading them."""

import json
import math
from collections import OrderedDict, UserDict
from datetime import date, datetime
from decimal import Decimal
from enum import Enum, IntEnum
from itertools import repeat
from types import MappingProxyType
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from django.utils.translation import gettext_lazy
from hypothesis import given
from hypothesis import strategies as st

from deliveries.serialization import MAX_DEPTH, MAX_SAFE_INTEGER, dumps
from webhooks.event_types import EventType


class Grade(IntEnum):
    GOOD = 1


class Bank(str, Enum):  # noqa: UP042 - the older spelling, whose str() is "Bank.CHASE"
    CHASE = "chase-bank"


class Cents(int):
    def __str__(self) -> str:
        return f"{int(self)}¢"

    __repr__ = __str__


class Dollars(float):
    def __repr__(self) -> str:
        return f"${float(self)}"


class Point(NamedTuple):
    x: int
    y: int


class EqualToNone(str):
    """A key that equals nothing, itself included."""

    __slots__ = ()
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        return False


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (5000.0, "5000"),
        (-5000.0, "-5000"),
        (5012.55, "5012.55"),
        (0.1 + 0.2, "0.30000000000000004"),
        (1e15, "1000000000000000"),
        (1e16, "10000000000000000"),
        (1.2345678901234567e16, "12345678901234568"),
        (-1.5e17, "-150000000000000000"),
        (123456789012345680000.0, "123456789012345680000"),
        (1e20, "100000000000000000000"),
        (999999999999999900000.0, "999999999999999900000"),
        (1e21, "1e+21"),
        (-1.5e21, "-1.5e+21"),
        (1e100, "1e+100"),
        (1.7976931348623157e308, "1.7976931348623157e+308"),
        (0.0001, "0.0001"),
        (0.00001, "0.00001"),
        (-1.5e-5, "-0.000015"),
        (0.000001, "0.000001"),
        (1.2345678901234567e-6, "0.0000012345678901234567"),
        (9.99999999999999e-7, "9.99999999999999e-7"),
        (1e-7, "1e-7"),
        (-1.25e-7, "-1.25e-7"),
        (5e-324, "5e-324"),
        (2.2250738585072014e-308, "2.2250738585072014e-308"),
    ],
)
def test_floats_are_laid_out_as_in_javascript(number: float, text: str) -> None:
    assert dumps(number) == text.encode()


@pytest.mark.parametrize("number", [0, 1, -1, MAX_SAFE_INTEGER, -MAX_SAFE_INTEGER])
def test_integers_that_javascript_holds_are_written_in_full(number: int) -> None:
    assert dumps(number) == str(number).encode()


@pytest.mark.parametrize(
    ("string", "text"),
    [
        ("", '""'),
        ("José", '"José"'),
        ("😀", '"😀"'),
        ('say "hi" \\ /', r'"say \"hi\" \\ /"'),
        ("\b\t\n\f\r", r'"\b\t\n\f\r"'),
        ("\x00\x0b\x1f", r'"\u0000\u000b\u001f"'),
        ("\x7f\x80\xa0\ufeff", '"\x7f\x80\xa0\ufeff"'),
        ("\u2028\u2029", '"\u2028\u2029"'),
        ("</script>", '"</script>"'),
        ("\ud83d\ude00", '"😀"'),
        ("\ud83d", r'"\ud83d"'),
        ("a\ude00b", r'"a\ude00b"'),
        ("\ude00\ud83d", r'"\ude00\ud83d"'),
        ("\ud83d\ud83d\ude00", '"\\ud83d😀"'),
        ("\\ud83d", r'"\\ud83d"'),
    ],
)
def test_strings_are_escaped_as_in_javascript(string: str, text: str) -> None:
    assert dumps(string) == text.encode()


@pytest.mark.parametrize(
    ("keys", "ordered"),
    [
        (["b", "a"], ["b", "a"]),
        (["b", "10", "a", "9", "0"], ["0", "9", "10", "b", "a"]),
        (["4294967295", "4294967294"], ["4294967294", "4294967295"]),
        (["x", "4294967294", "4294967293"], ["4294967293", "4294967294", "x"]),
        (["x", "01", "-1", "1.0", "1e3", " 1", "+1", ""], ["x", "01", "-1", "1.0", "1e3", " 1", "+1", ""]),
        (["x", "²", "٣", "\uff13", "1٣", "1\n"], ["x", "²", "٣", "\uff13", "1٣", "1\n"]),
        (["x", "9" * 5000, "7"], ["7", "x", "9" * 5000]),
    ],
)
def test_keys_that_are_array_indexes_come_first_in_ascending_order(
    keys: list[str], ordered: list[str]
) -> None:
    assert list(json.loads(dumps(dict.fromkeys(keys)))) == ordered


def test_keys_are_ordered_at_every_level() -> None:
    assert dumps([{"a": {"z": 0, "2": {"y": 0, "1": 0}}}]) == b'[{"a":{"2":{"1":0,"y":0},"z":0}}]'


def test_keys_are_escaped_like_strings() -> None:
    assert dumps({'"\n\ud800': 1, "\ud83d\ude00": 2}) == '{"\\"\\n\\ud800":1,"😀":2}'.encode()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, b"null"),
        (True, b"true"),
        (False, b"false"),
        ([], b"[]"),
        ({}, b"{}"),
        ((1, "a"), b'[1,"a"]'),
        (Point(1, 2), b"[1,2]"),
        (OrderedDict(b=1, a=2), b'{"b":1,"a":2}'),
        (MappingProxyType({"a": 1}), b'{"a":1}'),
        (UserDict({"a": 1}), b'{"a":1}'),
        (Grade.GOOD, b"1"),
        (EventType.FAILED, b'"verification.failed"'),
        ({EventType.FAILED: 1}, b'{"verification.failed":1}'),
        ([Bank.CHASE], b'["chase-bank"]'),
        ({Bank.CHASE: Bank.CHASE}, b'{"chase-bank":"chase-bank"}'),
        (Cents(150), b"150"),
        (Dollars(1.50), b"1.5"),
    ],
)
def test_values_and_their_subclasses_are_written_plainly(value: object, text: bytes) -> None:
    assert dumps(value) == text


@pytest.mark.parametrize(
    ("value", "path"),
    [
        (math.nan, "$: "),
        ([math.inf], "$[0]: "),
        ({"proofData": {"income": [1, 2, 3, {"amount": -math.inf}]}}, "$.proofData.income[3].amount: "),
        ({"a": 2**53}, "$.a: "),
        ({"a": -(2**53)}, "$.a: "),
        ({"a": 10**5000}, "$.a: "),
        ({"chase-bank": {"": math.nan}}, '$["chase-bank"][""]: '),
        ({'"\n\ud800é': math.nan}, '$["\\"\\n\\ud800\\u00e9"]: '),
        ({"a": Decimal("0.1")}, "$.a: "),
        ({"a": datetime(2026, 11, 23)}, "$.a: "),  # noqa: DTZ001 - any date will do
        ({"a": date(2026, 11, 23)}, "$.a: "),
        ({"a": UUID(int=1)}, "$.a: "),
        ({"a": b"bytes"}, "$.a: "),
        ({"a": {1, 2}}, "$.a: "),
        ({"a": 1j}, "$.a: "),
        ({"a": object()}, "$.a: "),
        ({"a": repeat(1)}, "$.a: "),
        ({"a": gettext_lazy("words")}, "$.a: "),
        ({"a": {1: 2}}, "$.a: "),
        ({"a": {None: 2}}, "$.a: "),
        ({"a": {True: 2}}, "$.a: "),
        ({"a": {("b",): 2}}, "$.a: "),
        ({"a": [{"__proto__": {}}]}, "$.a[0]: "),
        ({"a": {"\ud83d\ude00": 1, "😀": 2}}, "$.a: "),
        ({"a": {EqualToNone("b"): 1, EqualToNone("b"): 2}}, "$.a: "),
    ],
)  # fmt: skip
def test_what_javascript_would_read_differently_is_refused_by_its_path(value: object, path: str) -> None:
    with pytest.raises(ValueError) as refusal:
        dumps(value)
    assert str(refusal.value).startswith(path)


@pytest.mark.parametrize("secret", [123456789012345678901, Decimal("5012.55"), b"5012.55", {"5012.55"}])
def test_a_refusal_does_not_show_the_value(secret: object) -> None:
    with pytest.raises(ValueError) as refusal:
        dumps({"income": secret})
    assert "5012" not in str(refusal.value)
    assert "1234" not in str(refusal.value)


def nested(levels: int) -> Any:
    value: Any = 1
    for level in range(levels):
        value = [value] if level % 2 else {"a": value}
    return value


def test_as_many_levels_as_allowed_are_written() -> None:
    assert json.loads(dumps(nested(MAX_DEPTH))) == nested(MAX_DEPTH)


@pytest.mark.parametrize("levels", [MAX_DEPTH + 1, 100_000])
def test_deeper_nesting_is_refused(levels: int) -> None:
    with pytest.raises(ValueError, match=r"^\$.*: nested deeper than 100 levels"):
        dumps(nested(levels))


def test_a_structure_that_contains_itself_is_refused() -> None:
    loop: dict[str, Any] = {}
    loop["loop"] = [loop]
    with pytest.raises(ValueError, match=r"^\$\.loop\[0\]\.loop.*contains itself"):
        dumps(loop)


def test_a_long_path_is_cut() -> None:
    with pytest.raises(ValueError, match=r"^\$\.a{198}…: JSON has no NaN"):
        dumps({"a" * 5000: math.nan})


def test_one_value_in_two_places_is_written_twice() -> None:
    shared = {"a": 1}
    assert dumps([shared, shared]) == b'[{"a":1},{"a":1}]'


def read_as_javascript(body: bytes) -> Any:
    """Read JSON with doubles for the integers that JavaScript cannot count."""
    return json.loads(body, parse_int=lambda text: int(text) if len(text) < 16 else float(text))


any_text = st.text(st.characters(exclude_categories=()))
numbers = st.integers(-MAX_SAFE_INTEGER, MAX_SAFE_INTEGER) | st.floats(allow_nan=False, allow_infinity=False)
indexes = st.integers(0, 2**32).map(str)


def is_sendable_key(key: str) -> bool:
    return key != "__proto__"


def joined(text: str) -> str:
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


def held_by_javascript(value: Any) -> Any:
    """Return the value with the surrogate pairs in its strings made one character each."""
    if isinstance(value, str):
        return joined(value)
    if isinstance(value, list):
        return [held_by_javascript(item) for item in value]
    if isinstance(value, dict):
        return {key: held_by_javascript(item) for key, item in value.items()}
    return value


def objects(values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    keys = (any_text.map(joined) | indexes).filter(is_sendable_key)
    return st.dictionaries(keys, values, max_size=5)


documents = st.recursive(
    st.none() | st.booleans() | numbers | any_text,
    lambda values: st.lists(values, max_size=5) | objects(values),
    max_leaves=20,
)


@given(documents)
def test_what_was_read_back_is_written_the_same_again(document: Any) -> None:
    assert dumps(read_as_javascript(dumps(document))) == dumps(document)


@given(documents)
def test_reading_gives_back_what_was_written(document: Any) -> None:
    assert read_as_javascript(dumps(document)) == held_by_javascript(document)


@given(documents)
def test_no_control_character_and_no_line_break_is_left_raw(document: Any) -> None:
    assert min(dumps(document)) >= 0x20
