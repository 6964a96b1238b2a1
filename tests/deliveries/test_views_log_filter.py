"""The log's filter: it lives in the address, and understands or says that it does not."""

import re
from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deliveries.models import Delivery
from portal.paging import PAGE_SIZE
from tests.deliveries.portal_client import client_of, fragment, text
from tests.factories import make_delivery, make_event, make_webhook
from webhooks.event_types import EventType

pytestmark = pytest.mark.django_db

Status = Delivery.Status

MORNING, EVENING = datetime(2026, 11, 20, 8, tzinfo=UTC), datetime(2026, 11, 20, 20, tzinfo=UTC)


@pytest.fixture
def webhook():
    return make_webhook()


@pytest.fixture
def client(webhook):
    return client_of(webhook.partner)


@pytest.fixture(params=["one", "all"])
def address(request, webhook):
    return f"/webhooks/{webhook.public_id}/deliveries/" if request.param == "one" else "/deliveries/"


@pytest.fixture
def ask(client, address):
    return lambda query: text(client.get(address, query))


def rows(page):
    return re.findall(r'class="row-link" id="(msg_\w+)"', page)


def answered(code, **fields):
    return {"status": Status.FAILED, "last_status_code": code, "last_cause": "status", **fields}


@pytest.mark.parametrize(
    ("query", "matching", "other"),
    [
        ({"status": "failed"}, {"status": Status.FAILED}, {"status": Status.SUCCEEDED}),
        ({"status": "pending"}, {"status": Status.PENDING}, {"status": Status.HELD}),
        ({"answer": "2xx"}, {"status": Status.SUCCEEDED, "last_status_code": 204}, answered(304)),
        ({"answer": "3xx"}, answered(304), answered(404)),
        ({"answer": "4xx"}, answered(499), answered(500)),
        ({"answer": "5xx"}, answered(503, status=Status.PENDING), answered(400)),
        ({"answer": "none"}, answered(None, last_cause="timeout"), {"status": Status.PENDING}),
        ({"since": "2026-11-20T12:00"}, {"created_at": EVENING}, {"created_at": MORNING}),
        ({"until": "2026-11-20T12:00"}, {"created_at": MORNING}, {"created_at": EVENING}),
        ({"status": "failed", "answer": "5xx"}, answered(500), answered(500, status=Status.PENDING)),
    ],
)
def test_it_leaves_what_was_asked_for(webhook, ask, query, matching, other):
    wanted, _ = make_delivery(webhook=webhook, **matching), make_delivery(webhook=webhook, **other)
    assert rows(ask(query)) == [wanted.public_id]


@pytest.mark.parametrize("query", [{"type": "verification.expired"}, {"verification": " ver_42 "}])
def test_it_knows_the_event_too(webhook, client, address, query):
    make_delivery(webhook=webhook)
    event = make_event(partner=webhook.partner, event_type=EventType.EXPIRED, verification_id="ver_42")
    wanted = make_delivery(webhook=webhook, event=event)
    assert rows(text(client.get(address, query))) == [wanted.public_id]


def test_paging_keeps_the_filter(webhook, client, address):
    made = []
    for _ in range(PAGE_SIZE + 1):
        made.append(make_delivery(webhook=webhook, status=Status.FAILED).public_id)
        make_delivery(webhook=webhook, status=Status.HELD)
    page = text(client.get(address, {"status": "failed", "verification": ""}))
    [older] = re.findall(r'href="(\?[^"]*before=[^"]*)"', page)
    assert rows(page) + rows(text(client.get(address + older.replace("&amp;", "&")))) == made[::-1]


def test_a_page_goes_on_from_a_delivery_that_has_left_the_filter(webhook, client, address):
    older, last = (make_delivery(webhook=webhook, status=Status.FAILED) for _ in range(2))
    Delivery.objects.filter(pk=last.pk).update(status=Status.CANCELED)
    page = text(client.get(address, {"status": "failed", "before": last.public_id}))
    assert rows(page) == [older.public_id]


def test_deliveries_of_the_same_moment_are_paged_too(webhook, client, address):
    made = [
        make_delivery(webhook=webhook, status=Status.FAILED, created_at=MORNING) for _ in range(PAGE_SIZE + 1)
    ]
    page = text(client.get(address))
    assert rows(page) == [each.public_id for each in made[:0:-1]]
    [older] = set(re.findall(r'href="(\?before=\w+)"', page))
    assert rows(text(client.get(address + older))) == [made[0].public_id]


def test_the_form_shows_what_was_asked(client, address):
    page = text(client.get(address, {"status": "held", "since": "2026-11-20T12:00", "verification": "v<1"}))
    assert '<option value="held" selected>' in page
    assert 'value="2026-11-20T12:00"' in page
    assert 'value="v&lt;1"' in page


def test_none_that_match_is_not_none_at_all(webhook, client, address):
    make_delivery(webhook=webhook)
    page = text(client.get(address, {"status": "failed"}))
    assert "None match the filter" in page
    assert "Results of verifications appear here" not in page


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"status": "lost"}, "Status: Select a valid choice."),
        ({"type": "x"}, "Event: Select a valid choice."),
        ({"answer": "6xx"}, "Answer: Select a valid choice."),
        ({"since": "yesterday"}, "From (UTC): Give a date and time"),
        ({"until": "2026-02-30T00:00"}, "Until (UTC): Give a date and time"),
        ({"until": "9999-12-31T23:59:59-23:59"}, "Until (UTC): Give a date and time"),
        ({"since": "2026-11-20T12:00", "until": "2026-11-19T12:00"}, "This is before the beginning."),
        ({"verification": "v" * 201}, "Verification id: Ensure this value has at most 200"),
        ({"verification": "a\0"}, "Null characters are not allowed."),
    ],
)
def test_what_it_cannot_understand_it_names_and_shows_nothing(webhook, client, address, query, words):
    make_delivery(webhook=webhook)
    page = text(client.get(address, query))
    assert words in page
    assert rows(page) == []


def test_the_fragment_is_what_the_page_contains(webhook, client, address):
    make_delivery(webhook=webhook, status=Status.FAILED)
    for query in ("?status=failed", "?status=held", "?status=x"):
        assert fragment(client, address + query) in text(client.get(address + query))


names = st.sampled_from(["status", "type", "answer", "since", "until", "verification", "before", "x"])
values = st.text(max_size=30) | st.sampled_from(
    ["failed", "5xx", "none", "0001-01-01T00:00", "9999-12-31T23:59:59.999999+23:59", "2026-11-20", "٣", "-1"]
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(names, values), max_size=8))
def test_no_address_breaks_it(client, address, pairs):
    query = urlencode(pairs, errors="surrogatepass")
    assert client.get(f"{address}?{query}").status_code in {200, 404}


@pytest.mark.parametrize(
    "raw",
    [
        "until=9999-12-31T23:59:59.999999%2B23:59",
        "status=%ff%fe",
        "status[]=a&=&&",
        "before=%00",
        "since=%ED%A0%80",
        "a" * 4000,
    ],
)
def test_nor_do_bytes_that_are_no_text(client, address, raw):
    assert client.get(f"{address}?{raw}").status_code in {200, 404}


def test_a_filter_costs_no_further_query(webhook, client, address, django_assert_max_num_queries):
    make_delivery(webhook=webhook, status=Status.FAILED)
    with django_assert_max_num_queries(6):
        client.get(address, {"status": "failed", "type": "verification.completed", "verification": "x"})
