"""Activating a webhook: a test first, then what was held is sent or discarded."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from deliveries import reactivating
from deliveries.causes import Cause
from deliveries.models import Delivery
from portal.models import AuditEntry
from tests.deliveries.portal_client import HTMX, client_of, text
from tests.factories import make_delivery, make_webhook
from webhooks.models import WebhookHour

pytestmark = pytest.mark.django_db

NOW = timezone.now()
Status = Delivery.Status
SEND, DISCARD = "send", "discard"


@pytest.fixture
def webhook():
    """A webhook that failures deactivated."""
    webhook = make_webhook(
        url="https://hooks.northwind.com/", last_failed_cause=Cause.STATUS, last_failed_code=503
    )
    webhook.deactivate(reason="Your server answered 503.")
    return webhook


@pytest.fixture
def paused():
    return make_webhook(is_active=False)


@pytest.fixture
def client(webhook):
    return client_of(webhook.partner)


def address(webhook):
    return f"/webhooks/{webhook.public_id}/activate/"


def hold(webhook, count=1, *, ago=1, **fields):
    created = timezone.now() - timedelta(minutes=ago)
    return [
        make_delivery(webhook=webhook, status=Status.HELD, created_at=created, **fields) for _ in range(count)
    ]


def choose(client, webhook, held, *, until=None):
    form = {"held": held, "until": (until or timezone.now()).isoformat()}
    return client.post(address(webhook), form, follow=True)


def is_active(webhook):
    webhook.refresh_from_db()
    return webhook.is_active


def statuses():
    return sorted(Delivery.objects.values_list("status", flat=True))


def trail():
    entries = AuditEntry.objects.order_by("pk")
    return list(entries.values_list("action", "subject", "detail"))


def test_the_page_says_why_offers_a_test_and_counts_what_is_held(client, webhook):
    (oldest,) = hold(webhook, ago=90)
    hold(webhook, 2)
    make_delivery(webhook=webhook, status=Status.FAILED)
    page = text(client.get(address(webhook)))
    assert "because a delivery failed for good" in page
    assert "Answered 503 Service Unavailable" in page
    assert f'hx-post="/webhooks/{webhook.public_id}/test/" hx-target="#test-result"' in page
    assert "<strong>3 notifications</strong> are held" in page
    assert f"{oldest.created_at:%H:%M:%S} UTC" in page
    assert not is_active(webhook)


def test_it_counts_no_further_than_anybody_needs_to_know(client, webhook, monkeypatch):
    for module in ("reactivating", "banners"):
        monkeypatch.setattr(f"deliveries.{module}.MOST_HELD", 2)
    hold(webhook, 4)
    assert "<strong>More than 2 notifications</strong> are held" in text(client.get(address(webhook)))


def test_it_costs_the_same_however_much_is_held(client, webhook, django_assert_num_queries):
    for count in (1, 30):
        hold(webhook, count)
        with django_assert_num_queries(6):  # session, user, memberships, webhook, oldest, count
            client.get(address(webhook))


def test_a_choice_to_send_sends_all_of_it(client, webhook):
    hold(webhook, 2)
    page = text(choose(client, webhook, SEND))
    assert "hooks.northwind.com is active. What was held for it is being sent now." in page
    assert is_active(webhook)
    assert statuses() == [Status.PENDING] * 2
    assert trail() == [("activated", "hooks.northwind.com", "")]


def test_a_choice_to_discard_cancels_it_and_says_how_much(client, webhook):
    hold(webhook, 2, attempt_count=3)
    page = text(choose(client, webhook, DISCARD))
    assert "hooks.northwind.com is active. 2 held notifications are discarded, and stay in the log." in page
    assert is_active(webhook)
    assert statuses() == [Status.CANCELED] * 2
    assert not Delivery.objects.filter(finished_at=None).exists()
    assert trail() == [
        ("discarded", "hooks.northwind.com", "2 held deliveries"),
        ("activated", "hooks.northwind.com", ""),
    ]


def test_what_came_after_the_page_was_shown_is_sent_and_not_discarded(client, webhook):
    (seen,) = hold(webhook, ago=10)
    (unseen,) = hold(webhook, ago=1)
    choose(client, webhook, DISCARD, until=timezone.now() - timedelta(minutes=5))
    for delivery in (seen, unseen):
        delivery.refresh_from_db()
    assert (seen.status, unseen.status) == (Status.CANCELED, Status.PENDING)


def test_what_is_discarded_counts_for_nothing_and_can_be_sent_again(client, webhook):
    (delivery,) = hold(webhook)
    choose(client, webhook, DISCARD)
    webhook.refresh_from_db()
    assert (webhook.succeeded_count, webhook.failed_count, WebhookHour.objects.count()) == (0, 0, 0)
    assert "discarded when the webhook was activated" in text(
        client.get(f"/deliveries/{delivery.public_id}/")
    )
    client.post(f"/deliveries/{delivery.public_id}/resend/")
    delivery.refresh_from_db()
    assert delivery.status == Status.PENDING


def test_others_keep_what_is_held_for_them(client, webhook, paused):
    hold(paused)
    hold(webhook)
    choose(client, webhook, DISCARD)
    assert statuses() == [Status.CANCELED, Status.HELD]


def test_much_is_discarded_in_batches(webhook, monkeypatch):
    monkeypatch.setattr(reactivating, "BATCH", 2)
    hold(webhook, 5)
    assert reactivating.discard(webhook, until=timezone.now(), by="dana@northwind.example") == 5
    assert statuses() == [Status.CANCELED] * 5
    assert [detail for *_, detail in trail()] == ["2 held deliveries", "2 held deliveries", "1 held delivery"]


def test_nothing_is_discarded_for_a_webhook_that_became_active_meanwhile(webhook):
    webhook.activate()
    hold(webhook)
    assert reactivating.discard(webhook, until=timezone.now(), by="dana@northwind.example") == 0
    assert statuses() == [Status.HELD]


@pytest.mark.parametrize("role", ["owner", "developer"])
def test_one_that_a_person_paused_and_nothing_waits_for_is_active_at_once(role, paused):
    response = client_of(paused.partner, role=role).post(address(paused))
    assert (response.status_code, response["Location"]) == (302, f"/webhooks/{paused.public_id}/")
    assert is_active(paused)
    assert trail() == [("activated", str(paused), "")]


def test_one_for_which_something_waits_asks_first(paused):
    hold(paused)
    response = client_of(paused.partner).post(address(paused))
    assert (response.status_code, response["Location"]) == (302, address(paused))
    assert (is_active(paused), statuses()) == (False, [Status.HELD])


def test_one_that_failed_asks_for_a_test_though_nothing_waits(client, webhook):
    assert client.post(address(webhook))["Location"] == address(webhook)
    assert not is_active(webhook)
    page = text(client.get(address(webhook)))
    assert "Nothing is held." in page
    assert "discard" not in page
    choose(client, webhook, SEND)
    assert is_active(webhook)
    assert (webhook.deactivated_at, webhook.deactivation_reason) == (None, "")


@pytest.mark.parametrize(
    "form",
    [
        {"held": DISCARD},
        {"held": DISCARD, "until": "yesterday"},
        {"held": DISCARD, "until": "0001-01-01T00:00:00+14:00"},
        {"held": DISCARD, "until": "9999-12-31T23:59:59-14:00"},
        {"held": DISCARD, "until": (NOW - timedelta(days=2)).isoformat()},
        {"held": "burn", "until": NOW.isoformat()},
    ],
)
def test_a_choice_that_cannot_be_understood_changes_nothing_and_asks_again(form, client, webhook):
    hold(webhook)
    response = client.post(address(webhook), form, follow=True)
    assert response.redirect_chain == [(address(webhook), 302)]
    assert "Look at what it is, then choose again." in text(response)
    assert (is_active(webhook), statuses()) == (False, [Status.HELD])


@pytest.mark.parametrize("method", ["get", "post"])
def test_one_that_is_active_is_only_shown(method):
    webhook = make_webhook()
    response = getattr(client_of(webhook.partner), method)(address(webhook))
    assert (response.status_code, response["Location"]) == (302, f"/webhooks/{webhook.public_id}/")
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_other_methods_are_refused(method, client, webhook):
    assert getattr(client, method)(address(webhook)).status_code == 405


@pytest.mark.parametrize("method", ["get", "post"])
def test_nobody_else_does_it(method, webhook):
    viewer, stranger = client_of(webhook.partner, role="viewer"), client_of(make_webhook().partner)
    answers = [getattr(each, method)(address(webhook)).status_code for each in (viewer, stranger, Client())]
    assert answers == [403, 404, 302]
    assert getattr(Client(), method)(address(webhook), headers=HTMX).status_code == 403
    assert not is_active(webhook)


def test_a_deleted_one_does_not_exist(client, webhook):
    webhook.delete_softly()
    assert client.get(address(webhook)).status_code == 404
