"""The log, of one webhook and of all."""

import re

import pytest
from django.test import Client

from deliveries.models import Delivery
from portal.paging import PAGE_SIZE
from tests.deliveries.portal_client import HTMX, client_of, fragment, text
from tests.factories import make_delivery, make_event, make_partner, make_webhook

pytestmark = pytest.mark.django_db

Status = Delivery.Status

ALL = "/deliveries/"


def log_of(webhook):
    return f"/webhooks/{webhook.public_id}/deliveries/"


@pytest.fixture
def webhook():
    return make_webhook()


@pytest.fixture(params=["one", "all"])
def address(request, webhook):
    """The log of one webhook and that of all behave alike."""
    return log_of(webhook) if request.param == "one" else ALL


@pytest.fixture
def client(webhook):
    return client_of(webhook.partner)


def rows(page):
    return re.findall(r'class="row-link" id="(msg_\w+)"', page)


def test_it_shows_what_was_sent_newest_first(webhook, client, address):
    first, second = (make_delivery(webhook=webhook) for _ in range(2))
    assert rows(text(client.get(address))) == [second.public_id, first.public_id]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"status": Status.SUCCEEDED, "last_status_code": 200, "last_duration_ms": 1204}, "Delivered"),
        ({"status": Status.FAILED, "last_cause": "timeout"}, "Timed out"),
        ({"status": Status.HELD}, "Held"),
        ({"status": Status.CANCELED}, "Canceled"),
        ({"status": Status.PENDING}, "Pending"),
        ({"status": Status.PENDING, "lease": "0" * 32}, "Sending"),
        ({"status": Status.PENDING, "attempt_count": 2}, "Retrying"),
        ({"status": Status.PENDING, "attempt_count": 2}, "2 of 6"),
        ({"status": Status.PENDING, "attempt_count": 6, "round_start": 6}, "Pending"),
        ({"status": Status.PENDING, "attempt_count": 7, "round_start": 6}, "7 of 12"),
        ({"status": Status.SUCCEEDED, "last_status_code": 204, "last_duration_ms": 1204}, "1,204 ms"),
        ({"status": Status.FAILED, "is_test": True}, '<span class="tag">Test</span>'),
    ],
)
def test_a_row_says_where_its_delivery_stands(webhook, client, address, fields, words):
    make_delivery(webhook=webhook, **fields)
    assert words in text(client.get(address))


def test_paging_walks_every_row_exactly_once(webhook, client, address):
    sent = [make_delivery(webhook=webhook).public_id for _ in range(2 * PAGE_SIZE + 1)]
    seen, older = [], [""]
    while older:
        page = text(client.get(address + older[0]))
        seen += rows(page)
        older = re.findall(r'href="(\?before=\w+)"', page)
    assert seen == sent[::-1]


def test_a_full_last_page_has_no_older_one(webhook, client, address):
    for _ in range(PAGE_SIZE):
        make_delivery(webhook=webhook)
    assert "Older" not in text(client.get(address))


def test_nothing_is_older_than_the_first(webhook, client, address):
    first = make_delivery(webhook=webhook)
    assert "Nothing older" in text(client.get(address, {"before": first.public_id}))


@pytest.mark.parametrize("before", ["msg_never", "1", "'", "%00"])
def test_an_unknown_place_in_the_log_is_not_found(client, address, before):
    assert client.get(f"{address}?before={before}").status_code == 404


def test_a_strangers_delivery_is_no_place_in_the_log(client, address):
    assert client.get(address, {"before": make_delivery().public_id}).status_code == 404


def test_an_empty_log_says_how_it_fills(client, address):
    assert "No deliveries yet" in text(client.get(address))


def test_one_webhooks_log_leaves_out_the_others(webhook, client):
    make_delivery(webhook=make_webhook(partner=webhook.partner))
    assert rows(text(client.get(log_of(webhook)))) == []


def test_what_a_deleted_webhook_was_sent_stays_in_the_log(webhook, client):
    delivery = make_delivery(webhook=webhook, status=Status.SUCCEEDED)
    webhook.delete_softly()
    page = text(client.get(ALL))
    assert rows(page) == [delivery.public_id]
    assert webhook.host in page
    assert log_of(webhook) not in page
    assert client.get(log_of(webhook)).status_code == 404


@pytest.mark.parametrize("status", Status)
def test_it_refreshes_by_itself_only_while_something_is_pending(webhook, client, address, status):
    make_delivery(webhook=webhook, status=status)
    assert ("every 2s" in text(client.get(address))) == (status == Status.PENDING)


def test_the_fragment_is_what_the_page_contains(webhook, client, address):
    for _ in range(PAGE_SIZE + 1):
        make_delivery(webhook=webhook)
    assert fragment(client, address) in text(client.get(address))


def test_caches_keep_page_and_fragment_apart(client, address):
    assert "HX-Request" in client.get(address)["Vary"]


@pytest.mark.parametrize("count", [1, 30])
def test_it_costs_the_same_queries_whatever_was_sent(webhook, count, django_assert_num_queries):
    for _ in range(count):
        make_delivery(webhook=webhook)
    # session, user, membership; for one webhook's log the webhook and what waits for it; deliveries
    for url, queries in ((ALL, 4), (log_of(webhook), 6)):
        client = client_of(webhook.partner)
        with django_assert_num_queries(queries):
            client.get(url)


def test_nothing_is_decrypted_for_it(webhook, client, address, monkeypatch):
    make_delivery(webhook=webhook, event=make_event(partner=webhook.partner, body='{"a":1}'))
    monkeypatch.setattr("portal.encryption.EncryptedTextField.decrypt", None)
    assert client.get(address).status_code == 200


def test_only_a_get_is_answered(client, address):
    assert client.post(address).status_code == 405


def test_a_viewer_sees_it_too(webhook, address):
    delivery = make_delivery(webhook=webhook)
    assert rows(text(client_of(webhook.partner, role="viewer").get(address))) == [delivery.public_id]


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_a_stranger_sees_nothing_of_it(webhook, headers):
    make_delivery(webhook=webhook)
    stranger = client_of(make_partner())
    assert stranger.get(log_of(webhook), headers=headers).status_code == 404
    assert rows(text(stranger.get(ALL, headers=headers))) == []


def test_logged_out_leads_to_the_login_and_a_fragment_is_refused(address):
    assert Client().get(address)["Location"] == f"/login/?next={address}"
    assert Client().get(address, headers=HTMX).status_code == 403


def test_a_failure_links_to_its_section_of_the_documentation(webhook, client, address):
    make_delivery(webhook=webhook, status=Status.FAILED, last_cause="status", last_status_code=503)
    make_delivery(webhook=webhook, last_status_code=200, status=Status.SUCCEEDED)
    page = text(client.get(address))
    assert f'href="/docs/troubleshooting/?webhook={webhook.public_id}#status-503"' in page
    assert page.count("How to fix this") == 1
