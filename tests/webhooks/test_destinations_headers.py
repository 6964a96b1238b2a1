"""Which headers a partner may add to every request."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from webhooks.destinations import check_headers

Pair = tuple[str, str]

LINES = (Path(__file__).parent / "cases" / "headers.tsv").read_text().splitlines()
CASES = [line.split("\t") for line in LINES if not line.startswith("#")]


def pairs(name: str, value: str) -> list[Pair]:
    return json.loads(value) if name == '"SET"' else [(json.loads(name), json.loads(value))]


ACCEPTED = [
    pytest.param(pairs(name, value), id=why) for name, value, verdict, why in CASES if verdict == "accept"
]
REFUSED = [
    pytest.param(pairs(name, value), id=why) for name, value, verdict, why in CASES if verdict == "reject"
]

# One sentence for each rule: its code, and the words that tell what to do.
RULES: list[tuple[list[tuple[Any, Any]], str, str]] = [
    ([(" ", "v")], "header_name", "needs a name"),
    ([(None, "v")], "header_name", "needs a name"),
    ([("X-" + "a" * 63, "v")], "header_name", "at most 64 characters; this one has 65"),
    ([("X_Token", "v")], "header_name", "Write “-” instead"),
    ([("X-Token:", "v")], "header_name", "without blanks or a colon"),
    ([("Proxy-Authorization", "v")], "header_reserved", "how the request travels"),
    ([("content-language", "v")], "header_reserved", "how the request travels"),
    ([("If-None-Match", "v")], "header_reserved", "means nothing on a webhook"),
    ([("X-Aws-Ec2-Metadata-Token", "v")], "header_reserved", "Choose another name"),
    ([("X-Forwarded-For", "v")], "header_reserved", "Choose another name"),
    ([("X-Hub-Signature-256", "v")], "header_reserved", "ours to set"),
    ([("traceparent", "v")], "header_reserved", "ours to set"),
    ([("X-A", " ")], "header_value", "needs a value"),
    ([("X-A", 5)], "header_value", "must be text"),
    ([("X-A", "v" * 4097)], "header_value", "at most 4,096 characters"),
    ([("X-A", "v\nw")], "header_value", "printable ASCII"),
    ([(f"X-{n}", "v") for n in range(21)], "header_count", "at most 20 headers; these are 21"),
    ([("X-A", "v" * 4096), ("X-B", "v" * 4083)], "header_size", "8,192 bytes; these have 8,193"),
    ([("X-A", "1"), ("x-a", "2")], "header_twice", "stands there twice"),
]


@pytest.mark.parametrize("headers", ACCEPTED)
def test_what_a_partner_needs_is_accepted(headers: list[Pair]) -> None:
    """What a partner needs is accepted, blanks around values aside."""
    assert check_headers(headers) == [(name, value.strip(" ")) for name, value in headers]


@pytest.mark.parametrize("headers", REFUSED)
def test_what_would_change_the_request_is_refused(headers: list[Pair]) -> None:
    """What would change the request or pass for ours is refused."""
    with pytest.raises(ValidationError):
        check_headers(headers)


@pytest.mark.parametrize(("headers", "code", "words"), RULES)
def test_a_refusal_names_its_rule_and_what_to_do(headers: list[Pair], code: str, words: str) -> None:
    """A refusal names its rule and what to do."""
    with pytest.raises(ValidationError) as refusal:
        check_headers(headers)
    assert refusal.value.code == code
    assert words in refusal.value.message


def test_a_refusal_never_shows_a_value() -> None:
    """A refusal never shows a value: it may be a password with a typing error."""
    for value in ("canary\n", "canary" * 1000, "canary\u00e9"):
        with pytest.raises(ValidationError) as refusal:
            check_headers([("X-Token", value)])
        assert "canary" not in refusal.value.message


@pytest.mark.parametrize(
    "name",
    [
        "secret",
        "Accept",
        "Hosted-By",
        "Dated",
        "Tenant",
        "Webhooks-Tier",
        "CF-Access-Client-Id",
        "X-Proxy-Team",
    ],
)
def test_a_name_that_only_resembles_a_reserved_one_is_accepted(name: str) -> None:
    """A name that only resembles a reserved one is accepted."""
    assert check_headers([(name, "v")]) == [(name, "v")]


@given(st.lists(st.tuples(st.text(), st.text()), max_size=25))
def test_any_headers_are_safe_on_the_wire_or_refused(headers: list[Pair]) -> None:
    """Any headers are safe on the wire, or refused with a ValidationError."""
    try:
        checked = check_headers(headers)
    except ValidationError:
        return
    wire = "".join(f"{name}: {value}\r\n" for name, value in checked)
    assert len(wire.splitlines()) == len(headers)
    assert wire.isascii()
