"""What the documentation states is what the code does."""

import hmac
import json

import pytest

from deliveries import sender
from deliveries.docs.facts import EXAMPLE_SECRET, FACTS, HEADERS, example_headers, tries
from deliveries.docs.template_examples import EXAMPLES
from deliveries.events import sample_body
from deliveries.rendering import rendered
from deliveries.retry import PROMISED, RetryPolicy
from deliveries.sender import Phase, SendError
from deliveries.sender.exchange import Exchange
from tests.receiver import Receiver
from webhooks import payload_templates
from webhooks.event_types import EventType


def test_the_table_of_retries_is_the_policys():
    rows = [(each.number, each.wait, each.since_first) for each in tries(RetryPolicy((3, 5)))]
    assert rows == [(1, 0, 0), (2, 3, 3), (3, 5, 8)]


def test_the_promised_table_has_the_promised_waits():
    rows = tries(PROMISED)
    assert [each.wait for each in rows[1:]] == [1, 2, 4, 8, 16]
    assert len(rows) == FACTS["attempts"] == PROMISED.max_attempts


@pytest.mark.enable_socket
def test_the_headers_are_those_that_arrive(receiver: Receiver, settings):
    settings.WEBHOOKS_ALLOW_LOOPBACK = True
    body = sample_body(EventType.COMPLETED)
    sender.post(receiver.url(), example_headers(body), body.encode(), reuse_for="a webhook")
    [received] = receiver.wait_for(1)
    assert {name.lower() for name in received.headers} == {name.lower() for name in HEADERS}
    assert received.headers["User-Agent"] == FACTS["user_agent"]


def test_a_request_ends_when_it_says():
    with pytest.raises(SendError, match=f"within {FACTS['deadline']} seconds"), Exchange(0) as exchange:
        exchange.deadline = float(FACTS["deadline"])
        with exchange.during(Phase.WAIT):
            raise TimeoutError


@pytest.mark.parametrize("event_type", EventType)
def test_the_example_is_signed_as_shown(event_type):
    body = sample_body(event_type)
    signature = hmac.new(EXAMPLE_SECRET.encode(), body.encode(), "sha256").hexdigest()
    assert example_headers(body)["x-webhook-signature"] == signature


def test_the_fields_are_those_of_a_sample():
    sample = json.loads(sample_body(EventType.COMPLETED))
    assert [field.path for field in FACTS["fields"] if "." not in field.path] == list(sample)
    inner = [field.path.removeprefix("data.") for field in FACTS["fields"] if "." in field.path]
    assert inner == list(sample["data"])


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda each: each.title)
@pytest.mark.parametrize("event_type", EventType)
def test_every_example_template_can_be_saved_and_renders_every_event(example, event_type):
    payload_templates.check(example.template)
    assert json.loads(rendered(example.template, sample_body(event_type)))
