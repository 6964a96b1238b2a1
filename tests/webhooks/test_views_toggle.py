"""Activating and deactivating a webhook."""

import pytest

from deliveries.models import Delivery
from tests.factories import make_delivery, make_webhook

HTMX = {"HX-Request": "true"}


@pytest.fixture(params=["activate", "deactivate"])
def action(request):
    return request.param


@pytest.fixture
def webhook(partner, action):
    """A webhook that the action changes."""
    return make_webhook(partner=partner, url="https://hooks.northwind.com/", is_active=action == "deactivate")


@pytest.fixture
def address(webhook, action):
    return f"/webhooks/{webhook.public_id}/{action}/"


def is_active(webhook):
    webhook.refresh_from_db()
    return webhook.is_active


@pytest.mark.parametrize("visitor", ["owner", "developer"])
def test_it_works_and_shows_the_webhook(visitor, webhook, action, address, request):
    response = request.getfixturevalue(visitor).post(address)
    assert (response.status_code, response["Location"]) == (302, f"/webhooks/{webhook.public_id}/")
    assert is_active(webhook) == (action == "activate")


def test_it_says_what_happens_now(owner, action, address):
    owner.post(address)
    words = {
        "activate": "is active. What was held for it is being sent now",
        "deactivate": "held from now on",
    }
    assert words[action] in owner.get("/webhooks/").content.decode()


def test_once_more_changes_and_says_nothing(owner, webhook, address):
    owner.post(address)
    owner.get("/webhooks/")
    webhook.refresh_from_db()
    before = webhook.updated_at
    assert owner.post(address).status_code == 302
    webhook.refresh_from_db()
    assert webhook.updated_at == before
    assert 'class="banner' not in owner.get("/webhooks/").content.decode().partition("<template")[0]


def test_what_is_owed_follows(owner, webhook, action, address):
    status = Delivery.Status.PENDING if action == "deactivate" else Delivery.Status.HELD
    delivery = make_delivery(webhook=webhook, status=status)
    owner.post(address)
    delivery.refresh_from_db()
    assert {status, delivery.status} == {Delivery.Status.PENDING, Delivery.Status.HELD}


def test_activating_forgives_the_failures(owner, partner):
    webhook = make_webhook(partner=partner)
    webhook.deactivate(reason="Timed out.")
    owner.post(f"/webhooks/{webhook.public_id}/activate/")
    webhook.refresh_from_db()
    assert (webhook.deactivated_at, webhook.deactivation_reason) == (None, "")


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
def test_only_a_post_changes_it(owner, webhook, action, address, method):
    assert getattr(owner, method)(address).status_code == 405
    assert is_active(webhook) == (action == "deactivate")


@pytest.mark.parametrize("refusal", [("viewer", 403), ("stranger", 404), ("nobody", 302)])
def test_nobody_else_changes_it(refusal, webhook, action, address, request):
    visitor, status = refusal
    assert request.getfixturevalue(visitor).post(address).status_code == status
    assert is_active(webhook) == (action == "deactivate")


def test_a_fragment_is_refused_to_whoever_is_not_logged_in(nobody, address):
    assert nobody.post(address, headers=HTMX).status_code == 403


def test_a_deleted_one_does_not_exist(owner, webhook, address):
    webhook.delete_softly()
    assert owner.post(address).status_code == 404
    assert not is_active(webhook)
