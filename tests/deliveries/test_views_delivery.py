"""The page of one delivery."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.html import escape

from deliveries.causes import Cause
from deliveries.models import Delivery
from tests.deliveries.portal_client import HTMX, client_of, fragment, text, without_token
from tests.factories import make_attempt, make_delivery, make_event, make_partner, make_webhook
from webhooks.masking import MASK

pytestmark = pytest.mark.django_db

Status = Delivery.Status


def address(delivery):
    return f"/deliveries/{delivery.public_id}/"


def page_of(delivery, query=""):
    return text(client_of(delivery.webhook.partner).get(address(delivery) + query))


def test_it_shows_the_request_and_the_answer():
    webhook = make_webhook(url="https://hooks.northwind.com/v2")
    delivery = make_delivery(webhook=webhook, status=Status.SUCCEEDED, attempt_count=1)
    make_attempt(delivery=delivery, duration_ms=1187, response="<b>thanks</b>")
    page = page_of(delivery)
    shown = ("https://hooks.northwind.com/v2", "webhook-id", "200 · 1,187 ms · 13 bytes", "&lt;b&gt;thanks")
    for words in (*shown, "Your server answered <strong>200</strong> in 1,187 ms."):
        assert words in page


def test_the_body_can_be_copied_byte_for_byte():
    body = '{"type":"a<b>\\u2028","n":1e-7,"deep":{"x":[1,2]}}'
    delivery = make_delivery(event=make_event(body=body))
    assert f'aria-label="Body, as sent">{escape(body)}</pre>' in page_of(delivery)


def test_a_failure_is_named_with_its_fix():
    delivery = make_delivery(status=Status.FAILED)
    make_attempt(delivery=delivery, status_code=None, detail="Nothing came within 10 seconds.")
    page = page_of(delivery)
    for words in (
        "Timed out",
        "Nothing came within 10 seconds.",
        "store the notification",
        "No answer came.",
    ):
        assert words in page


def test_a_retry_says_when_it_comes_and_what_comes_after():
    due = timezone.now() + timedelta(seconds=60)
    delivery = make_delivery(attempt_count=1, next_attempt_at=due)
    make_attempt(delivery=delivery, status_code=503)
    page = page_of(delivery)
    assert 'Next attempt <span class="strong">in 60 s</span>' in page
    assert "after 1, 2, 4, 8 and 16 s; then the webhook is deactivated" in page


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"status": Status.HELD}, "The webhook is inactive, so we hold this delivery."),
        ({"status": Status.CANCELED}, "discarded when the webhook was activated. It counts neither"),
        ({"status": Status.PENDING}, "We are about to send it."),
        ({"status": Status.FAILED}, "Every attempt failed."),
        ({"status": Status.FAILED, "is_test": True}, "A test is sent once."),
    ],
)
def test_it_says_where_the_delivery_stands(fields, words):
    assert words in page_of(make_delivery(**fields))


def test_what_a_deleted_webhook_was_owed_says_so():
    gone = make_webhook(is_active=False, deleted_at=timezone.now())
    assert "because its webhook was deleted" in page_of(make_delivery(webhook=gone, status=Status.CANCELED))


def test_another_attempt_can_be_chosen():
    delivery = make_delivery(status=Status.SUCCEEDED)
    make_attempt(delivery=delivery, status_code=500, response="the first answer")
    make_attempt(delivery=delivery, response="the second answer")
    assert "the second answer" in page_of(delivery)
    page = page_of(delivery, "?attempt=1")
    assert "the first answer" in page
    assert "the second answer" not in page


@pytest.mark.parametrize("number", ["2", "0", "-1", "x", ""])
def test_an_attempt_that_never_was_is_not_found(number):
    delivery = make_attempt().delivery
    client = client_of(delivery.webhook.partner)
    assert client.get(address(delivery), {"attempt": number}).status_code == 404


@pytest.mark.parametrize("status", Status)
def test_it_refreshes_by_itself_only_while_it_is_pending(status):
    assert ("every 1s" in page_of(make_delivery(status=status))) == (status == Status.PENDING)


def test_the_delivery_of_a_deleted_webhook_is_shown_without_links_to_it():
    delivery = make_delivery(status=Status.SUCCEEDED)
    delivery.webhook.delete_softly()
    page = page_of(delivery)
    assert delivery.webhook.host in page
    assert f"/webhooks/{delivery.webhook.public_id}/" not in page


def test_the_fragment_is_what_the_page_contains():
    delivery = make_attempt(delivery=make_delivery(status=Status.FAILED)).delivery
    client = client_of(delivery.webhook.partner)
    page = text(client.get(address(delivery)))
    assert without_token(fragment(client, address(delivery))) in without_token(page)


@pytest.mark.parametrize("count", [1, 30])
def test_it_costs_the_same_queries_whatever_was_tried(count, django_assert_num_queries):
    delivery = make_delivery()
    for _ in range(count):
        make_attempt(delivery=delivery)
    client = client_of(delivery.webhook.partner)
    # session, user, membership, delivery, attempts
    with django_assert_num_queries(5):
        client.get(address(delivery))


def test_only_a_get_is_answered():
    delivery = make_delivery()
    assert client_of(delivery.webhook.partner).post(address(delivery)).status_code == 405


def test_a_viewer_sees_it_too():
    delivery = make_delivery()
    client = client_of(delivery.webhook.partner, role="viewer")
    assert delivery.public_id in text(client.get(address(delivery)))


@pytest.mark.parametrize("headers", [{}, HTMX, {**HTMX, "HX-Target": "test-result"}])
def test_a_stranger_finds_nothing(headers):
    delivery = make_delivery()
    assert client_of(make_partner()).get(address(delivery), headers=headers).status_code == 404


def test_logged_out_leads_to_the_login_and_a_fragment_is_refused():
    url = address(make_delivery())
    assert Client().get(url)["Location"] == f"/login/?next={url}"
    assert Client().get(url, headers=HTMX).status_code == 403


def test_the_body_shown_is_the_one_that_a_template_made():
    delivery = make_delivery(body='{"id":"ver_1"}')
    assert f'aria-label="Body, as sent">{escape(delivery.body)}</pre>' in page_of(delivery)


def test_where_the_template_does_not_fit_the_page_says_that_nothing_was_sent():
    delivery = make_delivery(status=Status.FAILED)
    make_attempt(
        delivery=delivery, status_code=None, cause=Cause.TEMPLATE, detail="$.x: no field", duration_ms=0
    )
    page = page_of(delivery)
    for words in (
        "Payload template does not fit the event",
        "$.x: no field",
        "Nothing was sent: the payload",
    ):
        assert words in page


@pytest.mark.parametrize(
    ("fields", "anchor"),
    [
        ({"status_code": 404}, "status-404"),
        ({"status_code": None, "detail": "The certificate expired on 1 May 2026."}, "timeout"),
        ({"status_code": None, "cause": Cause.TLS, "detail": "The certificate expired."}, "tls-expired"),
    ],
)
def test_a_failure_links_to_its_section_of_the_documentation(fields, anchor):
    delivery = make_delivery(status=Status.FAILED)
    make_attempt(delivery=delivery, **fields)
    link = f"/docs/troubleshooting/?webhook={delivery.webhook.public_id}#{anchor}"
    assert f'href="{link}">How to fix this</a>' in page_of(delivery)
    delivery.webhook.delete_softly()
    assert f'href="/docs/troubleshooting/#{anchor}">How to fix this</a>' in page_of(delivery)


@pytest.mark.parametrize("status_code", [401, 403])
def test_who_refuses_us_is_told_what_we_sent(status_code):
    delivery = make_delivery(status=Status.FAILED)
    headers = {"Content-Type": "application/json", "X-Api-Key": MASK, "X-Team": MASK}
    make_attempt(delivery=delivery, status_code=status_code, request_headers=headers)
    assert "We sent our signature and, of your own headers, X-Api-Key, X-Team." in page_of(delivery)
    assert f"/docs/signature-debugger/?delivery={delivery.public_id}" in page_of(delivery)
    viewer = client_of(delivery.webhook.partner, role="viewer")
    assert "signature debugger" not in text(viewer.get(address(delivery)))


def test_who_refuses_us_without_having_set_a_header_is_told_so():
    delivery = make_delivery(status=Status.FAILED)
    make_attempt(delivery=delivery, status_code=401)
    assert "no header of your own" in page_of(delivery)
    other = make_delivery(status=Status.FAILED)
    make_attempt(delivery=other, status_code=500)
    assert "We sent our signature" not in page_of(other)
