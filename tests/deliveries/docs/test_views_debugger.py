"""The page of the signature debugger."""

import hmac
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from deliveries.models import Delivery
from deliveries.signature_debugger import MAX_PASTED
from deliveries.signing import signature_headers
from tests.deliveries.portal_client import client_of, text
from tests.factories import make_attempt, make_delivery, make_event, make_webhook
from webhooks.payload_fields import MAX_BODY_BYTES

pytestmark = pytest.mark.django_db

ADDRESS = "/docs/signature-debugger/"
SECRET = "a-secret-of-northwind-0123456789"
TIMESTAMP = 1614265330


@pytest.fixture
def delivery():
    found = make_delivery(webhook=make_webhook(secret=SECRET), status=Delivery.Status.FAILED)
    headers = {"webhook-timestamp": str(TIMESTAMP)}
    make_attempt(delivery=found, status_code=401, request_headers=headers)
    return found


def headers_of(delivery):
    return signature_headers(
        delivery.sent_body.encode(), message_id=delivery.public_id, timestamp=TIMESTAMP, secret=SECRET
    )


def hexed(body, secret=SECRET):
    return hmac.new(secret.encode(), body.encode(), "sha256").hexdigest()


def ask(partner, role="owner", **form):
    return text(client_of(partner, role=role).post(ADDRESS, {"signature": "00" * 32, **form}))


def test_only_editors_enter(delivery):
    partner = delivery.webhook.partner
    for role, status in (("owner", 200), ("developer", 200), ("viewer", 403)):
        client = client_of(partner, role=role)
        assert client.get(ADDRESS).status_code == status
        assert client.post(ADDRESS, {"signature": "00"}).status_code == status
    assert Client().post(ADDRESS).status_code == 302


def test_the_link_from_a_delivery_fills_in_which_one_it_is(delivery):
    page = text(client_of(delivery.webhook.partner).get(ADDRESS, {"delivery": delivery.public_id}))
    assert f'value="{delivery.public_id}"' in page


@pytest.mark.parametrize("name", ["x-webhook-signature", "webhook-signature"])
def test_what_is_right_is_called_right(name, delivery):
    signature = headers_of(delivery)[name]
    page = ask(delivery.webhook.partner, delivery=delivery.public_id, signature=signature)
    assert f"This is the right {name}." in page


def test_a_mistake_is_named_with_its_fix(delivery):
    signature = hexed(delivery.sent_body + "\n")
    page = ask(delivery.webhook.partner, delivery=delivery.public_id, signature=signature)
    assert "A line end was signed after the body." in page
    assert "Look for a reader by lines" in page


def test_the_secret_and_the_right_signature_stay_where_they_are(delivery):
    make_webhook(partner=delivery.webhook.partner, secret="another-secret-0123456789abcd")
    for signature in ("00" * 32, hexed(delivery.sent_body, "another-secret-0123456789abcd")):
        page = ask(delivery.webhook.partner, delivery=delivery.public_id, signature=signature)
        headers = headers_of(delivery)
        hidden = [SECRET, "another-secret", headers["x-webhook-signature"], headers["webhook-signature"]]
        assert [each for each in hidden if each in page] == []
    assert "secret of another webhook" in page


def test_another_partners_secrets_are_not_tried(delivery):
    make_webhook(secret="a-secret-of-a-stranger-0123456789")
    signature = hexed(delivery.sent_body, "a-secret-of-a-stranger-0123456789")
    page = ask(delivery.webhook.partner, delivery=delivery.public_id, signature=signature)
    assert "none of the usual mistakes" in page


def test_a_pasted_body_is_checked_with_the_secret_of_the_chosen_webhook(delivery):
    webhook = delivery.webhook
    page = ask(webhook.partner, webhook=webhook.public_id, body='{"a":1}\r\n', signature=hexed('{"a":1}'))
    assert "This is the right x-webhook-signature." in page


def test_a_body_that_differs_from_ours_is_noticed(delivery):
    form = {"delivery": delivery.public_id, "body": '{"a":1}', "signature": hexed('{"a":1}')}
    assert "the body is not what we sent" in ask(delivery.webhook.partner, **form)


def test_what_was_sent_by_a_template_is_what_counts():
    webhook = make_webhook(secret=SECRET)
    found = make_delivery(webhook=webhook, status=Delivery.Status.SUCCEEDED, body='["mine"]')
    assert "This is the right" in ask(webhook.partner, delivery=found.public_id, signature=hexed('["mine"]'))


@pytest.mark.parametrize(("hours", "words"), [(1, "This is the right"), (-1, "previous secret")])
def test_the_old_secret_is_right_while_it_overlaps(hours, words):
    webhook = make_webhook(
        secret=SECRET,
        previous_secret="the-secret-before-0123456789",
        previous_secret_expires_at=timezone.now() + timedelta(hours=hours),
    )
    found = make_delivery(webhook=webhook)
    signature = hexed(found.sent_body, "the-secret-before-0123456789")
    assert words in ask(webhook.partner, delivery=found.public_id, signature=signature)


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"signature": ""}, "Paste the signature that your server computed"),
        ({}, "Give the id of a delivery, or paste a body below."),
        ({"body": "{}"}, "Choose the webhook whose secret your server used."),
        ({"delivery": "msg_never"}, "None of your deliveries has this id."),
        ({"webhook": "wh_never", "body": "{}"}, "You have no such webhook."),
        ({"signature": "0" * (MAX_PASTED + 1)}, "at most 1000 characters"),
        ({"body": "0" * (MAX_BODY_BYTES + 1)}, "at most 100000 characters"),
    ],
)
def test_what_is_missing_is_named(form, words, delivery):
    assert words in ask(delivery.webhook.partner, **form)


def test_anothers_delivery_and_webhook_are_as_absent_as_those_that_never_were(delivery):
    mine = make_webhook()
    for form in ({"delivery": delivery.public_id}, {"webhook": delivery.webhook.public_id, "body": "{}"}):
        page = ask(mine.partner, **form)
        assert "None of your deliveries has this id." in page or "You have no such webhook." in page
        assert delivery.webhook.host not in page


def test_a_purged_payload_and_a_deleted_webhook_say_what_to_do_instead():
    webhook = make_webhook()
    purged = make_delivery(webhook=webhook, event=make_event(partner=webhook.partner, body=""))
    assert "Its payload has been purged." in ask(webhook.partner, delivery=purged.public_id)
    webhook.delete_softly()
    assert "Its webhook was deleted" in ask(webhook.partner, delivery=purged.public_id)


def test_nothing_is_stored(delivery):
    client = client_of(delivery.webhook.partner)
    before = list(Delivery.objects.values()), delivery.webhook.updated_at
    client.post(ADDRESS, {"signature": "00" * 32, "delivery": delivery.public_id})
    delivery.webhook.refresh_from_db()
    assert before == (list(Delivery.objects.values()), delivery.webhook.updated_at)


def test_nothing_is_logged(delivery, caplog):
    caplog.set_level("DEBUG")
    ask(delivery.webhook.partner, delivery=delivery.public_id, signature=hexed("canary"), body="canary-body")
    logged = "".join(record.getMessage() for record in caplog.records if record.name != "django.db.backends")
    assert [each for each in (hexed("canary"), "canary-body", SECRET) if each in logged] == []
