"""The form of a webhook: events and payload template."""

import pytest

from tests.deliveries.portal_client import HTMX, client_of, text
from tests.factories import make_partner, make_webhook
from webhooks.event_types import EventType
from webhooks.models import Webhook
from webhooks.payload_templates import DEFAULT

pytestmark = pytest.mark.django_db

TYPED = {
    "headers-TOTAL_FORMS": "0",
    "headers-INITIAL_FORMS": "0",
    "url": "https://hooks.northwind.com/v2",
    "is_active": "on",
    "event_types": EventType.values,
    "event_types_shown": "1",
    "payload_template": "",
}


def save(webhook=None, **typed):
    partner = webhook.partner if webhook else make_partner()
    path = f"/webhooks/{webhook.public_id}/settings/" if webhook else "/webhooks/new/"
    return client_of(partner).post(path, {**TYPED, **typed})


def test_a_new_webhook_receives_every_event_in_its_default_form():
    save()
    webhook = Webhook.objects.get()
    assert (webhook.event_types, webhook.payload_template) == ([], "")


def test_some_events_can_be_chosen():
    webhook = make_webhook()
    save(webhook, event_types=[EventType.FAILED, EventType.EXPIRED])
    webhook.refresh_from_db()
    assert webhook.event_types == [EventType.FAILED, EventType.EXPIRED]


def test_those_chosen_before_are_checked():
    webhook = make_webhook(event_types=[EventType.FAILED])
    page = text(client_of(webhook.partner).get(f"/webhooks/{webhook.public_id}/settings/"))
    assert page.count("checked") == 2  # active, and that one
    assert 'value="verification.failed" class="form-check-input" id="id_event_types_1" checked' in page


@pytest.mark.parametrize("chosen", [[], ["verification.unknown"]])
def test_at_least_one_event_is_chosen_and_only_known_ones(chosen):
    response = save(event_types=chosen)
    assert response.status_code == 200
    assert not Webhook.objects.exists()


def test_who_never_saw_the_choice_gets_every_event():
    data = {name: value for name, value in TYPED.items() if not name.startswith("event_types")}
    webhook = make_webhook()
    client_of(webhook.partner).post(f"/webhooks/{webhook.public_id}/settings/", data)
    webhook.refresh_from_db()
    assert webhook.event_types == []


def test_a_template_is_kept_as_it_was_typed():
    webhook = make_webhook()
    save(webhook, payload_template='{\r\n  "id": "{{ data.verificationId }}"\r\n}\r\n')
    webhook.refresh_from_db()
    assert webhook.payload_template == '{\n  "id": "{{ data.verificationId }}"\n}'


@pytest.mark.parametrize("typed", ["", " \r\n", DEFAULT, DEFAULT.replace("\n", "\r\n") + "\r\n"])
def test_the_default_form_is_stored_as_no_template(typed):
    webhook = make_webhook(payload_template='["old"]')
    save(webhook, payload_template=typed)
    webhook.refresh_from_db()
    assert webhook.payload_template == ""


def test_a_template_with_an_error_is_shown_again_with_its_place():
    page = text(save(payload_template='{"id": "{{ data.verificationid }}"}'))
    assert (
        "$.id: no field &quot;verificationid&quot; in data; did you mean &quot;verificationId&quot;?" in page
    )
    assert "{{ data.verificationid }}" in page
    assert not Webhook.objects.exists()


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_reset_shows_the_default_and_saves_nothing(headers):
    webhook = make_webhook(payload_template='["old"]')
    typed = {
        **TYPED,
        "payload_template": '["typed"]',
        "reset_template": "1",
        "url": "https://typed.example.com",
    }
    path = f"/webhooks/{webhook.public_id}/settings/"
    page = text(client_of(webhook.partner).post(path, typed, headers=headers))
    assert "data.formattedData" in page
    assert "typed&quot;]" not in page
    assert ("https://typed.example.com" in page) is not bool(headers)
    webhook.refresh_from_db()
    assert webhook.payload_template == '["old"]'
