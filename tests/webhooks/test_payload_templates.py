"""Webhooks, payload templates: what they accept, what they make of a payload, and what they refuse."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.steps import steps
from webhooks.payload_fields import MAX_BODY_BYTES
from webhooks.payload_templates import (
    DEFAULT,
    MAX_DEPTH,
    MAX_LENGTH,
    TemplateError,
    check,
    parse,
    render,
    to_store,
)

PAYLOAD = {
    "type": "verification.completed",
    "status": "success",
    "data": {
        "verificationId": "ver_1",
        "sessionId": 123,
        "stepId": None,
        "status": "VERIFIED",
        "proofData": {"income": {"monthlyAmount": 5000, "verified": True}, "payslips": [10, 20]},
        "formattedData": {"odd name": "odd", "chase-bank": "hyphen"},
        "metadata": {},
    },
}


def write(value):
    return json.dumps(value, separators=(",", ":"))


def rendered(template):
    source = template if isinstance(template, str) else json.dumps(template)
    return render(parse(source), PAYLOAD, write=write)


def refusal(function, source):
    with pytest.raises(TemplateError) as refused:
        function(source)
    return str(refused.value)


@pytest.mark.parametrize(
    ("string", "value"),
    [
        ("{{ data.sessionId }}", 123),
        ("{{data.sessionId}}", 123),
        ("{{ data.stepId }}", None),
        ("{{ data.proofData.income.verified }}", True),
        ("{{ data.proofData.income }}", {"monthlyAmount": 5000, "verified": True}),
        ("{{ data.proofData.payslips[1] }}", 20),
        ("{{ data.formattedData.chase-bank }}", "hyphen"),
        ('{{ data.formattedData["odd name"] }}', "odd"),
        ("id {{ data.verificationId }}", "id ver_1"),
        ("{{ status }}: {{ data.sessionId }}!", "success: 123!"),
        ("{{ status }}{{ status }}", "successsuccess"),
        (" {{ data.sessionId }}", " 123"),
        ("step {{ data.stepId }}", "step null"),
        ("{{ data.proofData.income.verified }}!", "true!"),
        ("slips: {{ data.proofData.payslips }}", "slips: [10,20]"),
        ("{{ data.metadata.score | default(0) }}", 0),
        ("{{ data.metadata.score|default(null) }}", None),
        ("{{ data.stepId | default(7) }}", 7),
        ("{{ data.sessionId | default(7) }}", 123),
        ('{{ data.metadata.x | default("}} |") }}', "}} |"),
        ("{{ data.metadata.x.y[3] | default([{}]) }}", [{}]),
        ('score {{ data.metadata.score | default("none") }}', "score none"),
        ("{ single } }} braces", "{ single } }} braces"),
        ("", ""),
    ],
)
def test_a_string_becomes_what_its_placeholders_say(string, value):
    assert rendered([string]) == [value]


def test_what_is_no_string_stays_as_it_is():
    assert rendered('{"a": [1, 2.5, true, null, {"b": "c"}]}') == {"a": [1, 2.5, True, None, {"b": "c"}]}


@pytest.mark.parametrize(
    ("string", "hint"),
    [
        ("{{ data.idd }}", '$.data.x: no field "idd" in data; data has verificationId, sessionId'),
        ("{{ data.verificationid }}", '$.data.x: no field "verificationid" in data; did you mean "verificationId"?'),  # noqa: E501
        ("{{ dta.status }}", '$.data.x: no field "dta" in the payload; did you mean "data"?'),
        ("{{ data.status.x }}", '$.data.x: no field "x" in data.status; it is a single value'),
        ("{{ data[0] }}", "$.data.x: no item 0 in data"),
        ("{{ data.idd | default(1) }}", '$.data.x: no field "idd"'),
    ],
)  # fmt: skip
def test_a_field_that_no_payload_has_is_refused_beforehand(string, hint):
    assert refusal(check, json.dumps({"data": {"x": string}})).startswith(hint)


@pytest.mark.parametrize(
    "path", ["data.proofData.any[0].thing", "data.metadata", 'data.formattedData["a b"]']
)
def test_what_the_backend_chooses_is_not_judged_beforehand(path):
    check(json.dumps({"x": f"{{{{ {path} }}}}"}))


@pytest.mark.parametrize(
    ("string", "hint"),
    [
        ("{{ data.proofData.incme }}", '$[0]: no field "incme" in data.proofData; did you mean "income"?'),
        ("{{ data.metadata.score }}", '$[0]: no field "score" in data.metadata; correct the path, or give'),
        ("{{ data.proofData.payslips[2] }}", "$[0]: no item 2 in data.proofData.payslips"),
        ("{{ data.proofData.income[0] }}", "$[0]: no item 0 in data.proofData.income"),
        ("{{ data.proofData.income.verified.x }}", '$[0]: no field "x" in data.proofData.income.verified'),
    ],
)
def test_a_field_that_this_event_lacks_is_named(string, hint):
    assert refusal(rendered, [string]).startswith(hint)


def test_a_refusal_shows_no_value():
    assert "5000" not in refusal(rendered, ["{{ data.proofData.income.monthlyAmount.x }}"])


@pytest.mark.parametrize(
    ("source", "hint"),
    [
        ("", "Line 1, column 1: this is not JSON."),
        ('{"a": 1,\n "b" 2}', "Line 2, column 6: this is not JSON."),
        ('{"a": {{ data.status }}}', 'Line 1, column 8: put the placeholder in quotes, "{{ … }}"'),
        ('{"a": 1, "a": 2}', 'The key "a" stands twice'),
        ('{"__proto__": 1}', 'The key "__proto__"'),
        ('{"{{ status }}": 1}', 'The key "{{ status }}" holds a placeholder'),
        ("[9007199254740992]", "9007199254740992… loses digits"),
        ("[" + "9" * 5_000 + "]", "99999999999999999999… loses digits"),
        ("[1e999]", "1e999 is too large"),
        ("[NaN]", "JSON has no NaN"),
        ('["{{ status"]', "$[0]: at character 10, expected }}"),
        ('["{{ }}"]', "$[0]: at character 4, expected the name of a field"),
        ('["{{ data. }}"]', "$[0]: at character 10, expected the name"),
        ('["{{ data[-1] }}"]', "$[0]: at character 9, expected a position"),
        ('["{{ data[true] }}"]', "$[0]: at character 9, expected a position"),
        ('["{{ data[0 }}"]', "$[0]: at character 11, expected ]"),
        ('["{{ status | upper }}"]', "$[0]: at character 13, after | only default(…)"),
        ('["{{ status | default(x) }}"]', "$[0]: at character 21, expected a JSON value"),
        ('["{{ status | default(1 }}"]', "$[0]: at character 23, expected ) after"),
        ('["{{ status status }}"]', "$[0]: at character 11, expected }} after the path"),
        ("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1), "$" + "[0]" * MAX_DEPTH + ": nested deeper"),
        ("[" * 9_000 + "]" * 9_000, "$: nested deeper than 20 levels"),
        (json.dumps("x" * MAX_LENGTH), "The template has 20,002 characters"),
    ],
)  # fmt: skip
def test_what_is_no_template_is_refused_with_its_place_and_the_next_step(source, hint):
    assert refusal(parse, source).startswith(hint)


def test_as_many_levels_as_allowed_are_accepted():
    parse("[" * MAX_DEPTH + "]" * MAX_DEPTH)


def test_a_short_template_cannot_repeat_a_large_field_without_end():
    written = []

    def counted(value):
        written.append(value)
        return write(value)

    template = parse(json.dumps(["{{ data.metadata }}"] * 500))
    with pytest.raises(TemplateError, match=rf"^\$\[1\]: here the body grows over {MAX_BODY_BYTES:,} bytes"):
        render(template, {"data": {"metadata": {"x": "x" * 50_000}}}, write=counted)
    assert len(written) == 2


HOSTILE = {
    "openings": "{{",
    "spaces": "{{ ",
    "dots": "{{ a.",
    "brackets": "{{ a[",
    "nested default": "{{ a | default([",
    "names": "{{ aaaa",
    "fields": "{{ type }}",
    "defaults": "{{ a|default(1)}}",
}


def attempt(source):
    with suppress(TemplateError):
        rendered(source)


@pytest.mark.parametrize("unit", HOSTILE.values(), ids=HOSTILE)
def test_twice_the_template_is_at_most_twice_the_work(unit):
    def work(repeats):
        parse.cache_clear()
        return steps(lambda: attempt(json.dumps([unit * repeats])))

    assert work(400) <= 2.2 * work(200) + 200


def test_a_template_is_read_once():
    source = json.dumps(["{{ status }}"] * 100)
    assert parse(source) is parse(source)


plain = st.text().filter(lambda text: "{{" not in text and text != "__proto__")
values = st.recursive(
    st.none() | st.booleans() | st.integers(-1_000, 1_000) | plain,
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(plain, inside, max_size=3),
    max_leaves=10,
)


@given(values)
def test_a_document_without_placeholders_is_rendered_as_itself(document):
    assert rendered(json.dumps(document)) == document


@given(values)
def test_a_lone_placeholder_keeps_any_value(value):
    assert render(parse('"{{ x }}"'), {"x": value}, write=write) == value


@given(plain, plain, values)
def test_text_around_a_placeholder_stays(before, after, value):
    written = value if isinstance(value, str) else write(value)
    source = json.dumps([f"{before} {{{{ x }}}} {after}"])
    assert render(parse(source), {"x": value}, write=write) == [f"{before} {written} {after}"]


@given(st.text(alphabet='{}[]().|" \\adefult01,:', max_size=60))
def test_anything_else_is_a_refusal_and_nothing_worse(source):
    attempt(source)
    attempt(json.dumps([source]))


@pytest.mark.parametrize("typed", ["", "  \r\n", DEFAULT, DEFAULT.replace("\n", "\r\n") + "\n"])
def test_the_default_is_stored_as_nothing(typed):
    assert to_store(typed) == ""


def test_the_default_template_is_the_payload_itself():
    check(DEFAULT)
    assert rendered(DEFAULT) == PAYLOAD
