"""What is sent: the events, the payload of a webhook, and the preview of a template."""

import pytest

from deliveries.models import Event
from tests.deliveries.portal_client import HTMX, client_of, text
from tests.factories import make_partner, make_webhook
from webhooks.event_types import EventType
from webhooks.models import Webhook
from webhooks.payload_fields import FIELDS
from webhooks.payload_templates import DEFAULT

pytestmark = pytest.mark.django_db


def preview(template, event_type=EventType.COMPLETED, headers=HTMX, role="developer"):
    client = client_of(make_partner(), role=role)
    typed = {"payload_template": template, "preview_event_type": event_type}
    return client.post("/events/preview/", typed, headers=headers)


@pytest.mark.parametrize("event_type", EventType)
def test_the_catalogue_shows_meaning_fields_and_an_example(event_type):
    page = text(client_of(make_partner(), role="viewer").get("/events/", {"type": event_type}))
    assert event_type.meaning in page
    assert f"&quot;type&quot;: &quot;{event_type}&quot;" in page
    assert all(field.meaning in page for field in FIELDS)


def test_an_event_type_that_is_none_shows_the_first():
    assert EventType.COMPLETED.meaning in text(client_of(make_partner()).get("/events/?type=none"))


@pytest.mark.parametrize(
    ("template", "words", "body"),
    [
        ("", "The default payload", "&quot;monthlyAmount&quot;: 5000"),
        ('{"s": "{{ data.status }}"}', "Your own payload template", "&quot;s&quot;: &quot;EXPIRED&quot;"),
        ('{"s": "{{ data.metadata.no }}"}', "Your own payload template", "$.s: no field &quot;no&quot;"),
    ],
)
def test_a_webhooks_payload_is_shown_as_it_is_sent(template, words, body):
    webhook = make_webhook(payload_template=template)
    path = f"/webhooks/{webhook.public_id}/payload/"
    page = text(client_of(webhook.partner, role="viewer").get(path, {"type": EventType.EXPIRED}))
    assert words in page
    assert body in page


@pytest.mark.parametrize("event_type", EventType)
def test_a_preview_shows_what_is_typed_with_the_chosen_event(event_type):
    shown = text(preview('{"is": "{{ type }}"}', event_type))
    assert f"&quot;is&quot;: &quot;{event_type}&quot;" in shown
    assert "<html" not in shown


@pytest.mark.parametrize("template", ["", DEFAULT, DEFAULT.replace("\n", "\r\n")])
def test_the_preview_of_the_default_template_is_the_default_form(template):
    assert text(preview(template)) == text(preview(""))
    assert "&quot;verificationId&quot;: &quot;ver_abc123&quot;" in text(preview(template))


@pytest.mark.parametrize(
    ("template", "error", "may_be_saved"),
    [
        ('{"id": {{ data.sessionId }}}', "put the placeholder in quotes", False),
        ('{"id": "{{ data.idd }}"}', "$.id: no field &quot;idd&quot; in data", False),
        ('{"id": "{{ data.metadata.score }}"}', "$.id: no field &quot;score&quot; in data.metadata", True),
    ],
)
def test_a_preview_names_what_is_wrong_and_whether_it_can_be_saved(template, error, may_be_saved):
    shown = text(preview(template))
    assert error in shown
    assert ("The sample lacks it." in shown) is may_be_saved


def test_without_htmx_the_preview_is_a_page():
    page = text(preview('["{{ type }}"]', headers={}))
    assert "<html" in page
    assert "&quot;verification.completed&quot;" in page


def test_a_preview_stores_nothing():
    preview('["{{ type }}"]')
    assert not Event.objects.exists()
    assert not Webhook.objects.exists()


def test_a_viewer_has_nothing_to_preview():
    assert preview("", role="viewer").status_code == 403
