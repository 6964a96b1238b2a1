"""Test Webhook."""

import pytest
from django.test import Client
from django.utils import timezone

from deliveries.models import Delivery
from portal.models import AuditEntry
from tests.deliveries.portal_client import HTMX, client_of, fragment, text
from tests.factories import make_attempt, make_delivery, make_partner, make_webhook
from webhooks.event_types import EventType

pytestmark = pytest.mark.django_db

Status = Delivery.Status


def address(webhook):
    return f"/webhooks/{webhook.public_id}/test/"


def result_of(delivery):
    """Return what stands where the test was asked for."""
    client = client_of(delivery.webhook.partner)
    return fragment(client, f"/deliveries/{delivery.public_id}/", **{"HX-Target": "test-result"})


@pytest.mark.parametrize("is_active", [True, False])
def test_it_sends_a_test_whether_the_webhook_is_active_or_not(is_active):
    webhook = make_webhook(is_active=is_active)
    response = client_of(webhook.partner, role="developer").post(address(webhook))
    delivery = Delivery.objects.get()
    assert (delivery.webhook, delivery.is_test, delivery.status) == (webhook, True, Status.PENDING)
    assert response["Location"] == f"/deliveries/{delivery.public_id}/"


def test_the_audit_trail_says_who_tested_what():
    webhook = make_webhook()
    client_of(webhook.partner).post(address(webhook), {"event_type": EventType.EXPIRED})
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.subject, entry.detail) == ("tested", webhook.host, EventType.EXPIRED)
    assert entry.by == webhook.partner.memberships.get().user.email


def test_with_htmx_the_result_appears_in_place():
    webhook = make_webhook()
    response = client_of(webhook.partner).post(address(webhook), headers=HTMX)
    assert "Sending…" in text(response)
    assert f'hx-get="/deliveries/{Delivery.objects.get().public_id}/"' in text(response)
    assert response["HX-Trigger"] == '{"tested": {}}'


def test_the_result_is_asked_for_until_it_is_there():
    assert "every 500ms" in result_of(make_delivery(is_test=True))


def test_a_success_shows_status_time_and_answer():
    delivery = make_delivery(is_test=True, status=Status.SUCCEEDED)
    make_attempt(delivery=delivery, response="received")
    result = result_of(delivery)
    assert "Your server answered <strong>200</strong> in 84 ms." in result
    assert "received" in result
    assert "every" not in result


def test_a_failure_shows_cause_and_fix():
    delivery = make_delivery(is_test=True, status=Status.FAILED)
    make_attempt(delivery=delivery, status_code=503)
    result = result_of(delivery)
    assert "Answered 503 Service Unavailable" in result
    assert "overloaded or in maintenance" in result


def test_a_test_that_was_never_sent_says_so():
    gone = make_webhook(is_active=False, deleted_at=timezone.now())
    delivery = make_delivery(webhook=gone, status=Delivery.Status.CANCELED, is_test=True)
    assert "because its webhook was deleted" in result_of(delivery)


def test_only_a_post_sends():
    webhook = make_webhook()
    assert client_of(webhook.partner).get(address(webhook)).status_code == 405
    assert not Delivery.objects.exists()


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_a_viewer_may_not(headers):
    webhook = make_webhook()
    response = client_of(webhook.partner, role="viewer").post(address(webhook), headers=headers)
    assert response.status_code == 403
    assert not Delivery.objects.exists()


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_a_stranger_finds_nothing(headers):
    webhook = make_webhook()
    assert client_of(make_partner()).post(address(webhook), headers=headers).status_code == 404
    assert not Delivery.objects.exists()


def test_a_deleted_webhook_is_not_tested():
    webhook = make_webhook()
    webhook.delete_softly()
    assert client_of(webhook.partner).post(address(webhook)).status_code == 404


def test_logged_out_leads_to_the_login_and_a_fragment_is_refused():
    url = address(make_webhook())
    assert Client().post(url)["Location"] == f"/login/?next={url}"
    assert Client().post(url, headers=HTMX).status_code == 403
    assert not Delivery.objects.exists()


@pytest.mark.parametrize("event_type", EventType)
def test_the_event_can_be_chosen(event_type):
    webhook = make_webhook()
    client_of(webhook.partner).post(address(webhook), {"event_type": event_type})
    assert Delivery.objects.get().event.type == event_type
