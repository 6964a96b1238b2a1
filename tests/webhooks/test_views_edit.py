"""The settings of a webhook."""

import pytest
from django.utils import timezone

from tests.factories import make_webhook
from webhooks.event_types import EventType
from webhooks.rolling import Secrets

HTMX = {"HX-Request": "true"}


@pytest.fixture
def webhook(partner):
    return make_webhook(
        partner=partner,
        url="https://hooks.northwind.com/v2",
        secret="canary-secret-0123456789",
        headers={"X-Api-Key": "canary-value", "X-Team": "canary-team"},
    )


@pytest.fixture
def address(webhook):
    return f"/webhooks/{webhook.public_id}/settings/"


def typed(webhook, *, is_active=True, **changes):
    """Return what a browser sends when the form is saved as it was shown, but for *changes*."""
    fields = {"url": webhook.url, "secret": "", "event_types": EventType.values}
    fields |= {"headers-TOTAL_FORMS": "3", "headers-INITIAL_FORMS": "2"}
    for number, header in enumerate(webhook.headers.all()):
        fields |= {f"headers-{number}-id": header.pk, f"headers-{number}-name": header.name}
        fields |= {f"headers-{number}-value": ""}
    switch = {"is_active": "on"} if is_active else {}
    named = {name.replace("__", "-"): value for name, value in changes.items()}
    return fields | {"headers-2-name": "", "headers-2-value": ""} | switch | named


def headers_of(webhook):
    return {header.name: header.value for header in webhook.headers.all()}


def text(response):
    assert response.status_code == 200
    return response.content.decode()


def test_saving_it_unchanged_changes_nothing(owner, webhook, address):
    response = owner.post(address, typed(webhook))
    assert (response.status_code, response["Location"]) == (302, f"/webhooks/{webhook.public_id}/")
    before = (webhook.url, webhook.secret, headers_of(webhook))
    webhook.refresh_from_db()
    assert (webhook.url, webhook.secret, headers_of(webhook)) == before
    assert webhook.is_active


@pytest.mark.parametrize("visitor", ["owner", "developer"])
def test_the_url_changes(visitor, webhook, address, request):
    fields = typed(webhook, url="https://new.northwind.com/")
    request.getfixturevalue(visitor).post(address, fields)
    webhook.refresh_from_db()
    assert webhook.url == "https://new.northwind.com/"


def test_a_new_secret_replaces_the_old_one(owner, webhook, address):
    owner.post(address, typed(webhook, secret="another-secret-0123456789"))
    webhook.refresh_from_db()
    assert webhook.secret == "another-secret-0123456789"


def test_a_new_secret_ends_an_overlap_too(owner, webhook, address):
    webhook.signing_secrets = Secrets("current-secret-0123456789", "canary-old-0123456789012", timezone.now())
    webhook.save_secrets()
    owner.post(address, typed(webhook, secret="another-secret-0123456789"))
    webhook.refresh_from_db()
    assert webhook.signing_secrets == Secrets("another-secret-0123456789")


def test_the_same_secret_is_no_new_one(owner, webhook, address):
    page = text(owner.post(address, typed(webhook, secret=webhook.secret)))
    assert "This is the secret that signs already." in page


def test_the_way_to_an_overlap_is_shown(owner, webhook, address):
    assert f'href="/webhooks/{webhook.public_id}/secret/roll/"' in text(owner.get(address))


def test_a_new_value_replaces_the_stored_one_and_leaves_the_others(owner, webhook, address):
    owner.post(address, typed(webhook, headers__0__value="new"))
    assert headers_of(webhook) == {"X-Api-Key": "new", "X-Team": "canary-team"}


def test_a_new_key_keeps_its_value(owner, webhook, address):
    owner.post(address, typed(webhook, headers__0__name="X-Token"))
    assert headers_of(webhook) == {"X-Token": "canary-value", "X-Team": "canary-team"}


def test_a_header_is_removed(owner, webhook, address):
    owner.post(address, typed(webhook, headers__0__DELETE="on"))
    assert headers_of(webhook) == {"X-Team": "canary-team"}


def test_a_header_can_be_replaced_by_one_of_its_name(owner, webhook, address):
    fields = typed(webhook, headers__0__DELETE="on", headers__2__name="x-api-key", headers__2__value="new")
    owner.post(address, fields)
    assert headers_of(webhook) == {"X-Team": "canary-team", "x-api-key": "new"}


def test_whoever_keeps_the_webhook_in_memory_is_told_of_a_changed_header(owner, webhook, address):
    before = webhook.updated_at
    owner.post(address, typed(webhook, headers__0__value="new"))
    webhook.refresh_from_db()
    assert webhook.updated_at > before


@pytest.mark.parametrize(
    "changes",
    [{}, {"add_header": "1"}, {"url": "http://"}, {"headers__0__name": "Host"}, {"secret": "short"}],
)
def test_nothing_that_is_stored_in_secret_is_ever_in_the_form(owner, webhook, address, changes):
    pages = [text(owner.get(address))]
    if changes:
        pages += [text(owner.post(address, typed(webhook, **changes), headers=h)) for h in ({}, HTMX)]
    assert "canary" not in "".join(pages)


def test_a_refused_change_is_not_shown_as_if_it_were_saved(owner, webhook, address):
    page = text(owner.post(address, typed(webhook, url="https://new.northwind.com/", secret="short")))
    assert "<h1>hooks.northwind.com" in page
    assert 'value="https://new.northwind.com/"' in page
    webhook.refresh_from_db()
    assert webhook.url == "https://hooks.northwind.com/v2"


def test_switching_it_off_deactivates_it(owner, webhook, address):
    owner.post(address, typed(webhook, is_active=False))
    webhook.refresh_from_db()
    assert not webhook.is_active
    assert webhook.deactivated_at is None


def test_switching_it_on_leads_to_what_was_held_and_activates_nothing_yet(owner, webhook, address):
    webhook.deactivate(reason="Timed out.")
    response = owner.post(address, typed(webhook, url="https://repaired.northwind.com/"))
    assert response.headers["Location"] == f"/webhooks/{webhook.public_id}/activate/"
    webhook.refresh_from_db()
    assert (webhook.is_active, webhook.url) == (False, "https://repaired.northwind.com/")


def test_saving_an_inactive_one_keeps_the_reason(owner, webhook, address):
    webhook.deactivate(reason="Timed out.")
    owner.post(address, typed(webhook, is_active=False))
    webhook.refresh_from_db()
    assert webhook.deactivation_reason == "Timed out."


def test_headers_of_another_webhook_cannot_be_reached(owner, webhook, address, partner):
    other = make_webhook(partner=partner, headers={"X-Other": "canary-other"})
    response = owner.post(address, typed(webhook, headers__0__id=other.headers.get().pk))
    assert "canary" not in response.content.decode()
    assert headers_of(other) == {"X-Other": "canary-other"}


def test_another_header_makes_room_below_the_stored_ones(owner, webhook, address):
    page = text(owner.post(address, typed(webhook, add_header="1"), headers=HTMX))
    assert 'name="headers-3-name"' in page
    assert 'value="X-Team"' in page


def test_its_page_costs_the_same_with_any_number_of_headers(
    owner, webhook, address, django_assert_num_queries
):
    with django_assert_num_queries(5):  # session, user, memberships, webhook, headers
        owner.get(address)
    for number in range(10):
        webhook.headers.create(name=f"X-{number}", value="value")
    with django_assert_num_queries(5):
        owner.get(address)


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_viewer_is_refused(viewer, webhook, address, method):
    response = getattr(viewer, method)(address, typed(webhook, url="https://new.northwind.com/"))
    assert response.status_code == 403
    webhook.refresh_from_db()
    assert webhook.url == "https://hooks.northwind.com/v2"


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("headers", [{}, HTMX])
def test_to_a_stranger_it_does_not_exist(stranger, webhook, address, method, headers):
    response = getattr(stranger, method)(address, typed(webhook, url="https://evil.com/"), headers=headers)
    assert response.status_code == 404
    webhook.refresh_from_db()
    assert webhook.url == "https://hooks.northwind.com/v2"


def test_a_deleted_one_does_not_exist(owner, webhook, address):
    webhook.delete_softly()
    assert owner.get(address).status_code == 404


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_other_methods_are_refused(owner, address, method):
    assert getattr(owner, method)(address).status_code == 405


def test_whoever_is_not_logged_in_is_sent_to_the_login(nobody, address):
    response = nobody.get(address)
    assert (response.status_code, response["Location"]) == (302, f"/login/?next={address}")


def test_a_fragment_is_refused_to_whoever_is_not_logged_in(nobody, webhook, address):
    assert nobody.post(address, typed(webhook, add_header="1"), headers=HTMX).status_code == 403


def test_a_webhook_that_failures_deactivated_can_be_edited(owner, webhook, address):
    type(webhook).objects.filter(pk=webhook.pk).update(is_active=False, deactivated_at=timezone.now())
    assert "hooks.northwind.com" in text(owner.get(address))
