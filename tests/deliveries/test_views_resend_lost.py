"""Send again all that failed or was held since then."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from deliveries import resending
from deliveries.models import Delivery
from tests.deliveries.portal_client import client_of, text
from tests.factories import make_delivery, make_partner, make_webhook

pytestmark = pytest.mark.django_db

Status = Delivery.Status
LONG_AGO = "2020-01-01T00:00"


def address(webhook):
    return f"/webhooks/{webhook.public_id}/resend/"


@pytest.fixture
def webhook():
    return make_webhook()


@pytest.fixture
def client(webhook):
    return client_of(webhook.partner, role="developer")


def test_it_counts_before_it_sends(webhook, client):
    make_delivery(webhook=webhook, status=Status.FAILED)
    make_delivery(webhook=webhook, status=Status.HELD)
    page = text(client.get(address(webhook), {"since": LONG_AGO}))
    assert "<strong>2</strong>" in page.replace("\n", "")
    assert "Send again</button>" in page
    assert not Delivery.objects.filter(status=Status.PENDING).exists()


def test_it_sends_again_and_the_log_shows_how_many_are_to_come(webhook, client):
    for _ in range(2):
        make_delivery(webhook=webhook, status=Status.FAILED)
    response = client.post(address(webhook), {"since": LONG_AGO}, follow=True)
    assert response.redirect_chain == [(f"/webhooks/{webhook.public_id}/deliveries/", 302)]
    assert "2 deliveries are being sent again." in text(response)
    assert "2 still to be sent to this webhook." in text(response)
    assert "every 2s" in text(response)


def test_without_a_moment_it_asks_for_one(webhook, client):
    page = text(client.get(address(webhook)))
    assert "Since (UTC)" in page
    assert "Send again</button>" not in page


def test_nothing_lost_means_nothing_to_send(webhook, client):
    make_delivery(webhook=webhook, status=Status.FAILED, created_at=timezone.now() - timedelta(days=2))
    yesterday = timezone.now() - timedelta(days=1)
    page = text(client.get(address(webhook), {"since": yesterday.strftime("%Y-%m-%dT%H:%M")}))
    assert "There is nothing to send again." in page


@pytest.mark.parametrize("since", ["", "yesterday", "2026-13-01T00:00", "\0", "99999-01-01T00:00"])
def test_what_is_no_moment_is_named(webhook, client, since):
    for ask in (client.get, client.post):
        page = text(ask(address(webhook), {"since": since}))
        assert "errorlist" in page
    assert not Delivery.objects.exists()


def test_an_inactive_webhook_is_activated_first(client, webhook):
    delivery = make_delivery(webhook=webhook, status=Status.FAILED)
    webhook.deactivate()
    page = text(client.post(address(webhook), {"since": LONG_AGO}))
    assert "Repair the endpoint, test the webhook and activate it" in page
    delivery.refresh_from_db()
    assert delivery.status == Status.FAILED


def test_more_than_can_be_sent_at_once_is_said(client, webhook, monkeypatch):
    monkeypatch.setattr(resending, "MOST", 1)
    for _ in range(3):
        make_delivery(webhook=webhook, status=Status.FAILED)
    page = text(client.get(address(webhook), {"since": LONG_AGO}))
    assert "More than 1" in page
    assert "come back for the rest" in page


def test_a_viewer_may_not(webhook):
    viewer = client_of(webhook.partner, role="viewer")
    assert viewer.get(address(webhook)).status_code == 403
    assert viewer.post(address(webhook), {"since": LONG_AGO}).status_code == 403


def test_a_stranger_finds_nothing(webhook):
    assert client_of(make_partner()).post(address(webhook), {"since": LONG_AGO}).status_code == 404


def test_logged_out_leads_to_the_login(webhook):
    assert Client().post(address(webhook))["Location"] == f"/login/?next={address(webhook)}"
