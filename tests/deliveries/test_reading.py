import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deliveries.reading import DEEPEST, indented

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@pytest.mark.parametrize(
    ("body", "lines"),
    [
        ("{}", ["{}"]),
        ('{"a":[]}', ["{", '  "a": []', "}"]),
        ('{"a":1,"b":[1,{"c":"x, y: {z}"}]}', None),
        ('{"n":1e-7}', ["{", '  "n": 1e-7', "}"]),
        (r'{"q":"\"}"}', ["{", r'  "q": "\"}"', "}"]),
    ],
)
def test_a_body_is_shown_one_member_a_line(body, lines):
    expected = lines or json.dumps(json.loads(body), indent=2).splitlines()
    assert indented(body).split("\n") == expected


@given(values)
def test_it_reads_as_the_standard_library_would_write_it_and_stays_the_same_value(value):
    body = json.dumps(value, separators=(",", ":"))
    assert json.loads(indented(body)) == value


def test_depth_does_not_make_it_grow_without_measure():
    body = "[" * 1000 + "1" + "]" * 1000
    assert len(indented(body)) < 2001 * (2 * DEEPEST + 2)
