"""A webhook tried before it is saved."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from deliveries import trials
from deliveries.causes import Cause
from deliveries.models import Attempt, Delivery, Event
from deliveries.sender import Phase, Response, SendError
from tests.deliveries.portal_client import HTMX, client_of, text
from tests.factories import make_partner, make_webhook
from webhooks.event_types import EventType
from webhooks.models import Webhook
from webhooks.rolling import Secrets

pytestmark = pytest.mark.django_db

TYPED = {
    "url": "https://hooks.northwind.com/typed",
    "secret": "typed-secret-of-enough-characters",
    "event_types": EventType.values,
    "payload_template": '{"id": "{{ data.verificationId }}", "is": "{{ type }}"}',
    "preview_event_type": EventType.EXPIRED,
    "headers-TOTAL_FORMS": "1",
    "headers-INITIAL_FORMS": "0",
    "headers-0-name": "X-Team",
    "headers-0-value": "typed-value",
}


class Endpoint:
    def __init__(self):
        self.requests = []
        self.error = None

    def __call__(self, url, headers, body):
        self.requests.append((url, headers, json.loads(body)))
        if self.error:
            raise self.error
        return Response(204, "", {Phase.DNS: 3, Phase.WAIT: 81})


@pytest.fixture
def endpoint(monkeypatch):
    endpoint = Endpoint()
    monkeypatch.setattr("deliveries.sender.post", endpoint)
    return endpoint


def try_new(headers=HTMX, role="developer", **changes):
    return client_of(make_partner(), role=role).post(
        "/webhooks/new/trial/", {**TYPED, **changes}, headers=headers
    )


def try_saved(webhook, **changes):
    client = client_of(webhook.partner)
    return client.post(f"/webhooks/{webhook.public_id}/settings/trial/", {**TYPED, **changes}, headers=HTMX)


def test_a_sample_is_sent_as_everything_was_typed(endpoint):
    shown = text(try_new())
    [(url, headers, body)] = endpoint.requests
    assert url == "https://hooks.northwind.com/typed"
    assert headers["X-Team"] == "typed-value"
    assert body["id"].startswith("test_")
    assert body["is"] == EventType.EXPIRED
    assert "Your server answered <strong>204</strong>" in shown
    assert "Host name 3 ms · Waiting for the answer 81 ms" in shown


def test_nothing_of_it_is_kept(endpoint):
    webhook = make_webhook(url="https://hooks.northwind.com/saved", headers={"X-Saved": "saved"})
    try_saved(webhook)
    assert len(endpoint.requests) == 1
    assert Webhook.objects.get().url == "https://hooks.northwind.com/saved"
    assert [header.name for header in webhook.headers.all()] == ["X-Saved"]
    assert not any(model.objects.exists() for model in (Event, Delivery, Attempt))


def test_what_was_left_empty_is_taken_from_the_saved_webhook(endpoint):
    webhook = make_webhook(headers={"X-Saved": "saved-value"})
    row = {
        "headers-INITIAL_FORMS": "1",
        "headers-0-id": webhook.headers.get().pk,
        "headers-0-name": "X-Saved",
        "headers-0-value": "",
    }
    try_saved(webhook, secret="", payload_template="", **row)
    [(_, headers, body)] = endpoint.requests
    assert headers["X-Saved"] == "saved-value"
    assert body["type"] == EventType.EXPIRED


@pytest.mark.parametrize("typed", ["", "typed-secret-of-enough-characters"])
def test_it_is_signed_as_it_would_be_once_saved(typed, endpoint):
    ends_at = timezone.now() + timedelta(hours=1)
    webhook = make_webhook(secret="new", previous_secret="old", previous_secret_expires_at=ends_at)
    try_saved(webhook, secret=typed, payload_template="")
    [(_, headers, _)] = endpoint.requests
    assert len(headers["webhook-signature"].split()) == (1 if typed else 2)
    webhook.refresh_from_db()
    assert webhook.signing_secrets == Secrets("new", "old", ends_at)


def test_without_a_secret_it_says_that_the_signature_cannot_be_checked(endpoint):
    assert "a secret that your endpoint cannot know" in text(try_new(secret=""))
    assert "a secret that your endpoint cannot know" not in text(try_new())


def test_a_failure_shows_cause_fix_and_phases(endpoint):
    endpoint.error = SendError(Cause.TLS, "The certificate has expired.")
    endpoint.error.phases = {Phase.DNS: 1, Phase.CONNECT: 2, Phase.TLS: 30}
    shown = text(try_new())
    for words in ("Encrypted connection failed", "The certificate has expired.", "TLS 30 ms"):
        assert words in shown


def test_a_template_that_does_not_fit_the_sample_is_shown_and_not_sent(endpoint):
    shown = text(try_new(payload_template='["{{ data.metadata.score }}"]'))
    assert "$[0]: no field &quot;score&quot; in data.metadata" in shown
    assert endpoint.requests == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"url": ""}, "Webhook URL: Enter the address"),
        ({"url": "https://127.0.0.1/"}, "Webhook URL: "),
        ({"payload_template": "no JSON"}, "Payload template: Line 1, column 1"),
        ({"event_types": [], "event_types_shown": "1"}, "Events: Choose at least one"),
        ({"headers-0-name": "Host"}, "<li>"),
    ],
)
def test_what_could_not_be_saved_is_not_sent(changes, words, endpoint):
    shown = text(try_new(**changes))
    assert "Nothing was sent. Correct this first:" in shown
    assert words in shown
    assert endpoint.requests == []


def test_only_so_many_are_made_at_once(endpoint):
    for _ in range(trials.MOST_AT_ONCE):
        trials._room.acquire()
    try:
        assert "Other tests are under way." in text(try_new())
    finally:
        trials._room.release(trials.MOST_AT_ONCE)
    assert endpoint.requests == []
    assert "204" in text(try_new())


def test_without_htmx_the_result_is_a_page(endpoint):
    page = text(try_new(headers={}))
    assert "<html" in page
    assert "204" in page


def test_a_viewer_may_not(endpoint):
    assert try_new(role="viewer").status_code == 403
    assert endpoint.requests == []
