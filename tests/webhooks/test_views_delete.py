"""Deleting a webhook."""

import pytest

from deliveries.models import Delivery
from tests.factories import make_delivery, make_webhook
from webhooks.models import Webhook

HTMX = {"HX-Request": "true"}


@pytest.fixture
def webhook(partner):
    return make_webhook(
        partner=partner, url="https://hooks.northwind.com:8443/v2", headers={"X-Key": "canary"}
    )


@pytest.fixture
def address(webhook):
    return f"/webhooks/{webhook.public_id}/delete/"


CONFIRMED = {"host": "hooks.northwind.com:8443"}


def still_there(webhook):
    return Webhook.objects.live().filter(pk=webhook.pk).exists()


def test_the_page_says_what_is_lost_and_offers_a_break_instead(owner, webhook, address):
    page = owner.get(address).content.decode()
    assert "Type hooks.northwind.com:8443 to confirm" in page
    assert f'action="/webhooks/{webhook.public_id}/deactivate/"' in page
    assert "Deactivate instead" in page
    assert still_there(webhook)


def test_an_inactive_one_is_not_offered_a_break(owner, webhook, address):
    webhook.deactivate()
    assert "Deactivate instead" not in owner.get(address).content.decode()


@pytest.mark.parametrize("visitor", ["owner", "developer"])
@pytest.mark.parametrize("host", ["hooks.northwind.com:8443", " Hooks.Northwind.com:8443 "])
def test_typing_the_host_deletes_it(visitor, host, webhook, address, request):
    client = request.getfixturevalue(visitor)
    response = client.post(address, {"host": host})
    assert (response.status_code, response["Location"]) == (302, "/webhooks/")
    assert not still_there(webhook)
    assert "hooks.northwind.com:8443 is deleted." in client.get("/webhooks/").content.decode()


def test_its_secrets_are_erased(owner, webhook, address):
    owner.post(address, CONFIRMED)
    webhook.refresh_from_db()
    assert webhook.secret == ""
    assert not webhook.headers.exists()


@pytest.mark.parametrize("status", [Delivery.Status.PENDING, Delivery.Status.HELD])
def test_what_it_was_still_owed_is_given_up(owner, webhook, address, status):
    delivery = make_delivery(webhook=webhook, status=status)
    owner.post(address, CONFIRMED)
    delivery.refresh_from_db()
    assert delivery.status == Delivery.Status.CANCELED


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"host": "hooks.northwind.com"}, "That is not hooks.northwind.com:8443. Nothing was deleted."),
        ({"host": ""}, "This field is required."),
        ({}, "This field is required."),
    ],
)
def test_anything_else_deletes_nothing(owner, webhook, address, typed, words):
    assert words in owner.post(address, typed).content.decode()
    assert still_there(webhook)


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("refusal", [("viewer", 403), ("stranger", 404), ("nobody", 302)])
def test_nobody_else_deletes_it(refusal, webhook, address, method, request):
    visitor, status = refusal
    assert getattr(request.getfixturevalue(visitor), method)(address, CONFIRMED).status_code == status
    assert still_there(webhook)


def test_a_fragment_is_refused_to_whoever_is_not_logged_in(nobody, address):
    assert nobody.post(address, CONFIRMED, headers=HTMX).status_code == 403


def test_a_deleted_one_does_not_exist(owner, address):
    owner.post(address, CONFIRMED)
    assert owner.post(address, CONFIRMED).status_code == 404


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_other_methods_are_refused(owner, webhook, address, method):
    assert getattr(owner, method)(address).status_code == 405
    assert still_there(webhook)
