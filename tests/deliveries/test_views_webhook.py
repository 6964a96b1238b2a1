"""The overview of one webhook."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from deliveries.models import Delivery
from tests.deliveries.portal_client import HTMX, client_of, fragment, text
from tests.factories import make_attempt, make_delivery, make_hour, make_partner, make_webhook

pytestmark = pytest.mark.django_db


def address(webhook):
    return f"/webhooks/{webhook.public_id}/"


def test_it_shows_where_the_webhook_stands_and_what_was_sent():
    webhook = make_webhook(url="https://hooks.northwind.com/v2", outcomes="sss")
    make_hour(webhook=webhook, succeeded=118, failed=2, ms_100=120)
    delivery = make_delivery(webhook=webhook, status=Delivery.Status.SUCCEEDED, last_status_code=200)
    page = text(client_of(webhook.partner).get(address(webhook)))
    shown = ("98.3%", "118 of 120", "88 ms", "95% within 100 ms", "118 delivered, 2 failed")
    for words in ("hooks.northwind.com", "/v2", "Healthy", delivery.public_id, *shown):
        assert words in page


@pytest.mark.parametrize(
    ("period", "rate"),
    [
        ("24h", "1 of 1"),
        ("7d", "3 of 3"),
        ("30d", "7 of 7"),
        ("all", "15 of 16"),
        ("", "7 of 7"),
        ("'", "7 of 7"),
    ],
)
def test_figures_look_back_as_far_as_asked(period, rate):
    webhook, now = make_webhook(succeeded_count=15, failed_count=1), timezone.now()
    for days, succeeded in ((0, 1), (3, 2), (20, 4), (40, 8)):
        make_hour(webhook=webhook, hour=now - timedelta(days=days), succeeded=succeeded)
    make_hour(hour=now, succeeded=1000)
    assert f"<dd>{rate}</dd>" in text(client_of(webhook.partner).get(address(webhook), {"period": period}))


@pytest.mark.parametrize(
    ("took_ms", "words"),
    [
        (84, "up to 64 deliveries at once, while it answers within a second"),
        (9_000, "up to 8 deliveries at once"),
    ],
)
def test_it_says_how_much_is_sent_at_once(took_ms, words):
    webhook = make_webhook(last_attempt_at=timezone.now(), last_duration_ms=took_ms)
    assert words in text(client_of(webhook.partner).get(address(webhook)))


def test_the_chart_says_the_same_as_its_table():
    webhook = make_webhook()
    make_hour(webhook=webhook, hour=timezone.now() - timedelta(days=2), succeeded=1204, failed=3)
    page = text(client_of(webhook.partner).get(address(webhook)))
    assert page.count('<rect class="column"') == 30
    assert "1,204 delivered, 3 failed</title>" in page
    assert "<td>1,204</td><td>3</td>" in page
    assert "style=" not in page


def test_a_failure_that_healed_is_still_named_while_it_is_recent():
    webhook = make_webhook(
        outcomes="sfs", last_failed_at=timezone.now(), last_failed_code=503, last_failed_cause="status"
    )
    page = text(client_of(webhook.partner).get(address(webhook)))
    assert "Answered 503 Service Unavailable." in page
    assert "1 of the last 3 attempts failed" in page


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
    for back in range(count):
        make_attempt(delivery=make_delivery(webhook=webhook))
        make_hour(webhook=webhook, hour=timezone.now() - timedelta(hours=back), succeeded=1)
    client = client_of(webhook.partner)
    # session, user, membership, webhook, deliveries, totals, days
    with django_assert_num_queries(7):
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
