"""Send again now."""

import pytest
from django.test import Client

from deliveries.models import Delivery
from tests.deliveries.portal_client import HTMX, client_of, text
from tests.factories import make_attempt, make_delivery, make_partner, make_webhook

pytestmark = pytest.mark.django_db

Status = Delivery.Status
ENDED = [Status.SUCCEEDED, Status.FAILED, Status.CANCELED, Status.HELD]


def page(delivery):
    return f"/deliveries/{delivery.public_id}/"


def address(delivery):
    return f"{page(delivery)}resend/"


@pytest.mark.parametrize("status", ENDED)
def test_it_is_owed_again_and_the_page_says_so(status):
    delivery = make_delivery(status=status)
    client = client_of(delivery.webhook.partner, role="developer")
    response = client.post(address(delivery), follow=True)
    delivery.refresh_from_db()
    assert delivery.status == Status.PENDING
    assert response.redirect_chain == [(page(delivery), 302)]
    assert "being sent again, with the same webhook-id and body" in text(response)


def test_the_timeline_says_who_asked_and_from_where_on():
    delivery = make_delivery(status=Status.FAILED, attempt_count=1)
    make_attempt(delivery=delivery, status_code=503)
    client = client_of(delivery.webhook.partner)
    client.post(address(delivery))
    make_attempt(delivery=delivery)
    shown = text(client.get(page(delivery)))
    places = [shown.index(words) for words in ("?attempt=1", "Resent by person", "?attempt=2")]
    assert places == sorted(places)
    assert "resent once" in shown


@pytest.mark.parametrize("status", Status)
def test_it_is_offered_unless_it_is_on_its_way(status):
    delivery = make_delivery(status=status)
    shown = text(client_of(delivery.webhook.partner).get(page(delivery)))
    assert (address(delivery) in shown) == (status in ENDED)


def test_what_is_on_its_way_stays_so_and_the_page_says_when():
    delivery = make_delivery()
    response = client_of(delivery.webhook.partner).post(address(delivery), follow=True)
    assert "It is on its way already." in text(response)


def test_a_deleted_webhook_gets_nothing_and_the_page_says_why():
    delivery = make_delivery(status=Status.FAILED)
    delivery.webhook.delete_softly()
    client = client_of(delivery.webhook.partner)
    assert "Its webhook was deleted" in text(client.post(address(delivery), follow=True))
    assert address(delivery) not in text(client.get(page(delivery)))


def test_only_a_post_sends():
    delivery = make_delivery(status=Status.FAILED)
    assert client_of(delivery.webhook.partner).get(address(delivery)).status_code == 405


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_a_viewer_may_not(headers):
    delivery = make_delivery(status=Status.FAILED)
    viewer = client_of(delivery.webhook.partner, role="viewer")
    assert viewer.post(address(delivery), headers=headers).status_code == 403
    assert address(delivery) not in text(viewer.get(page(delivery)))
    delivery.refresh_from_db()
    assert delivery.status == Status.FAILED


def test_a_stranger_finds_nothing():
    delivery = make_delivery(status=Status.FAILED)
    assert client_of(make_partner()).post(address(delivery)).status_code == 404


def test_logged_out_leads_to_the_login():
    url = address(make_delivery(status=Status.FAILED))
    assert Client().post(url)["Location"] == f"/login/?next={url}"


def test_the_request_can_be_copied_as_a_command():
    delivery = make_delivery(status=Status.SUCCEEDED, webhook=make_webhook(url="https://a.example.org/x"))
    make_attempt(delivery=delivery)
    shown = text(client_of(delivery.webhook.partner).get(page(delivery)))
    assert "curl --globoff --request POST https://a.example.org/x" in shown
    for copied in ("curl", "delivery-id", "sent-to", "sent-body"):
        assert f'data-copy="{copied}"' in shown
        assert f'id="{copied}"' in shown
