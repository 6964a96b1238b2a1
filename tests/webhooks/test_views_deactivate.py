"""Deactivating a webhook by hand. What activates it again is in tests/deliveries/test_views_activate.py."""

import pytest

from deliveries.models import Alert, Delivery
from tests.factories import make_delivery, make_webhook

HTMX = {"HX-Request": "true"}


@pytest.fixture
def webhook(partner):
    return make_webhook(partner=partner, url="https://hooks.northwind.com/")


@pytest.fixture
def address(webhook):
    return f"/webhooks/{webhook.public_id}/deactivate/"


def is_active(webhook):
    webhook.refresh_from_db()
    return webhook.is_active


@pytest.mark.parametrize("visitor", ["owner", "developer"])
def test_it_works_and_shows_the_webhook(visitor, webhook, address, request):
    response = request.getfixturevalue(visitor).post(address)
    assert (response.status_code, response["Location"]) == (302, f"/webhooks/{webhook.public_id}/")
    assert not is_active(webhook)


def test_it_says_what_happens_now(owner, address):
    owner.post(address)
    assert "held from now on" in owner.get("/webhooks/").content.decode()


def test_once_more_changes_and_says_nothing(owner, webhook, address):
    owner.post(address)
    owner.get("/webhooks/")
    webhook.refresh_from_db()
    before = webhook.updated_at
    assert owner.post(address).status_code == 302
    webhook.refresh_from_db()
    assert webhook.updated_at == before
    assert 'class="banner' not in owner.get("/webhooks/").content.decode().partition("<template")[0]


def test_what_is_owed_is_held(owner, webhook, address):
    delivery = make_delivery(webhook=webhook)
    owner.post(address)
    delivery.refresh_from_db()
    assert delivery.status == Delivery.Status.HELD


def test_nobody_is_told_of_what_a_person_did(owner, address):
    owner.post(address)
    assert not Alert.objects.exists()


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
def test_only_a_post_changes_it(owner, webhook, address, method):
    assert getattr(owner, method)(address).status_code == 405
    assert is_active(webhook)


@pytest.mark.parametrize("refusal", [("viewer", 403), ("stranger", 404), ("nobody", 302)])
def test_nobody_else_changes_it(refusal, webhook, address, request):
    visitor, status = refusal
    assert request.getfixturevalue(visitor).post(address).status_code == status
    assert is_active(webhook)


def test_a_fragment_is_refused_to_whoever_is_not_logged_in(nobody, address):
    assert nobody.post(address, headers=HTMX).status_code == 403


def test_a_deleted_one_does_not_exist(owner, webhook, address):
    webhook.delete_softly()
    assert owner.post(address).status_code == 404
