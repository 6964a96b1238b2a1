"""The overview of one webhook."""

import pytest
from django.test import Client
from django.utils import timezone

from deliveries.models import Delivery
from tests.deliveries.portal_client import HTMX, client_of, fragment, text
from tests.factories import make_attempt, make_delivery, make_partner, make_webhook

pytestmark = pytest.mark.django_db


def address(webhook):
    return f"/webhooks/{webhook.public_id}/"


def test_it_shows_where_the_webhook_stands_and_what_was_sent():
    webhook = make_webhook(
        url="https://hooks.northwind.com/v2", outcomes="sss", succeeded_count=118, failed_count=2
    )
    delivery = make_delivery(webhook=webhook, status=Delivery.Status.SUCCEEDED, last_status_code=200)
    page = text(client_of(webhook.partner).get(address(webhook)))
    for words in ("hooks.northwind.com", "/v2", "Healthy", "98.3%", "118 of 120", delivery.public_id):
        assert words in page


def test_a_new_webhook_says_how_to_begin():
    webhook = make_webhook()
    page = text(client_of(webhook.partner).get(address(webhook)))
    assert "No deliveries yet" in page
    assert "Press Test Webhook" in page


def test_a_deactivated_webhook_says_why_and_what_waits():
    webhook = make_webhook(
        is_active=False, deactivated_at=timezone.now(), deactivation_reason="The certificate expired."
    )
    for _ in range(2):
        make_delivery(webhook=webhook, status=Delivery.Status.HELD)
    page = text(client_of(webhook.partner).get(address(webhook)))
    assert "The certificate expired. 2 notifications are held" in page
    assert f"/webhooks/{webhook.public_id}/activate/" in page


def test_a_failing_webhook_says_what_to_do():
    webhook = make_webhook(outcomes="sf", last_cause="status", last_status_code=503)
    page = text(client_of(webhook.partner).get(address(webhook)))
    assert "Answered 503 Service Unavailable." in page
    assert "1 of the last 2 attempts failed" in page


@pytest.mark.parametrize("status", Delivery.Status)
def test_it_refreshes_by_itself_only_while_something_is_pending(status):
    webhook = make_delivery(status=status).webhook
    page = text(client_of(webhook.partner).get(address(webhook)))
    assert ("every 2s" in page) == (status == Delivery.Status.PENDING)


def test_the_fragment_is_what_the_page_contains():
    webhook = make_delivery().webhook
    client = client_of(webhook.partner)
    assert fragment(client, address(webhook)) in text(client.get(address(webhook)))


def test_a_page_restored_from_history_is_whole():
    webhook = make_webhook()
    page = fragment(client_of(webhook.partner), address(webhook), **{"HX-History-Restore-Request": "true"})
    assert page.startswith("<!doctype html>")


@pytest.mark.parametrize("count", [1, 30])
def test_it_costs_the_same_queries_whatever_was_sent(count, django_assert_num_queries):
    webhook = make_webhook()
    for _ in range(count):
        make_attempt(delivery=make_delivery(webhook=webhook))
    client = client_of(webhook.partner)
    # session, user, membership, webhook, deliveries
    with django_assert_num_queries(5):
        client.get(address(webhook))


def test_only_a_get_is_answered():
    webhook = make_webhook()
    assert client_of(webhook.partner).post(address(webhook)).status_code == 405


def test_a_viewer_sees_it_without_what_changes_it():
    webhook = make_webhook()
    page = text(client_of(webhook.partner, role="viewer").get(address(webhook)))
    assert webhook.host in page
    assert "Test Webhook" not in page
    assert "Deactivate" not in page


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_a_stranger_finds_nothing(headers):
    webhook = make_webhook()
    assert client_of(make_partner()).get(address(webhook), headers=headers).status_code == 404


def test_a_deleted_webhook_is_gone():
    webhook = make_webhook()
    webhook.delete_softly()
    assert client_of(webhook.partner).get(address(webhook)).status_code == 404


def test_logged_out_leads_to_the_login_and_a_fragment_is_refused():
    url = address(make_webhook())
    assert Client().get(url)["Location"] == f"/login/?next={url}"
    assert Client().get(url, headers=HTMX).status_code == 403
