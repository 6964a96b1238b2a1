"""Deliveries, rendering: a template and an event's body to the bytes that are sent."""

import json

import pytest
from hypothesis import given

from deliveries.events import Verification, body_of
from deliveries.rendering import read, rendered
from deliveries.samples import sample
from deliveries.serialization import dumps
from tests.deliveries.test_serialization import documents
from webhooks.event_types import EventType
from webhooks.payload_fields import FIELDS, OPEN, members
from webhooks.payload_templates import TemplateError, check

WHOLE = '{"type": "{{ type }}", "status": "{{ status }}", "data": "{{ data }}"}'


def sample_body(event_type):
    return body_of(event_type, Verification(**sample(event_type, verification_id="ver_1")))


@given(documents)
def test_a_body_that_was_read_is_written_the_same_again(document):
    body = dumps(document)
    assert dumps(read(body.decode())) == body


@given(documents)
def test_a_placeholder_carries_any_value_unchanged(document):
    body = dumps({"x": document}).decode()
    assert rendered('{"x": "{{ x }}"}', body) == body


@pytest.mark.parametrize("number", [1e16, 1e21, 5e-324, 2**53 - 1, 1e-7, 12345678901234567e3])
def test_a_number_in_text_is_written_as_javascript_writes_it(number):
    body = dumps({"x": number}).decode()
    assert json.loads(rendered('["= {{ x }}"]', body)) == [f"= {dumps(number).decode()}"]


@pytest.mark.parametrize("event_type", EventType)
def test_the_default_form_can_be_written_as_a_template(event_type):
    assert rendered(WHOLE, sample_body(event_type)) == sample_body(event_type)


@pytest.mark.parametrize("event_type", EventType)
def test_every_documented_field_can_be_named_and_no_other_is_there(event_type):
    template = json.dumps({field.path: f"{{{{ {field.path} }}}}" for field in FIELDS})
    check(template)
    document = json.loads(rendered(template, sample_body(event_type)))
    for path, value in {"": json.loads(sample_body(event_type)), **document}.items():
        assert path in OPEN or members(path) == (list(value) if isinstance(value, dict) else [])


def test_two_halves_of_a_character_that_meet_become_one():
    body = dumps({"a": "\ud83d", "b": "\ude00"}).decode()
    assert rendered('["{{ a }}{{ b }}"]', body) == '["😀"]'


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ('["{{ nothing }}"]', r"^\$\[0\]: no field"),
        ('{"x": "' + "é" * 19_000 + '{{ data }}"}', r"^\$: the body has 10\d,\d\d\d bytes and 100,000"),
        ("no JSON", "^Line 1, column 1"),
    ],
)  # fmt: skip
def test_what_cannot_be_sent_is_refused(template, message):
    body = dumps({"data": ["x" * 65_000]}).decode()
    with pytest.raises(TemplateError, match=message):
        rendered(template, body)


def test_a_value_may_not_lie_too_deep_in_the_document():
    deep = json.loads("[" * 95 + "]" * 95)
    with pytest.raises(TemplateError, match="nested deeper than 100 levels"):
        rendered("[" * 10 + '"{{ x }}"' + "]" * 10, dumps({"x": deep}).decode())
