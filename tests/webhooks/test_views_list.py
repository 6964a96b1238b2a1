"""The list of webhooks."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.contrib.auth import get_user_model
from django.test import Client

from tests.factories import make_hour, make_user, make_webhook

LIST = "/webhooks/"
HTMX = {"HX-Request": "true"}
NOW = datetime(2026, 11, 23, 14, 15, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _now():
    with time_machine.travel(NOW, tick=False):
        yield


def page(client):
    response = client.get(LIST)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def test_it_shows_what_the_documentation_promises(owner, partner):
    webhook = make_webhook(
        partner=partner,
        url="https://hooks.northwind.com:8443/v2/income",
        outcomes="sssfs",
        last_attempt_at=NOW - timedelta(minutes=2),
        last_status_code=200,
        last_duration_ms=1084,
    )
    make_hour(webhook=webhook, hour=NOW, succeeded=1181, failed=23)
    shown = page(owner)
    assert f'href="/webhooks/{webhook.public_id}/">hooks.northwind.com:8443</a>' in shown
    for words in (
        "/v2/income",
        "Some failures",
        "Last 20 attempts: 4 succeeded, 1 failed",
        "98%",
        "of 1,204",
        "2 min ago",
        "23 Nov 2026, 14:13:00 UTC",
        "200 in 1,084 ms",
        "Active <span",
        "created 23 Nov",
    ):
        assert words in shown


def test_a_new_webhook_is_not_called_healthy(owner, partner):
    make_webhook(partner=partner)
    shown = page(owner)
    assert "No deliveries yet" in shown
    assert "never" in shown
    assert "Healthy" not in shown
    assert "0%" not in shown


def test_a_webhook_that_somebody_paused_is_inactive_and_not_called_out(owner, partner):
    make_webhook(partner=partner, is_active=False, outcomes="sss")
    shown = page(owner)
    assert "Inactive" in shown
    assert "was deactivated" not in shown


def test_a_webhook_that_failures_deactivated_is_called_out_with_the_reason_and_the_way_back(owner, partner):
    webhook = make_webhook(
        partner=partner,
        url="https://staging.northwind.com/cr3",
        is_active=False,
        deactivated_at=NOW - timedelta(minutes=12),
        deactivation_reason="The certificate expired on 21 November 2026.",
    )
    shown = page(owner)
    assert (
        "<strong>staging.northwind.com</strong> was deactivated on 23 Nov 2026, 14:03:00 UTC, "
        "after a delivery failed for good. The certificate expired on 21 November 2026. "
        f'<a href="/webhooks/{webhook.public_id}/">Fix it, then test and reactivate</a>.'
    ) in shown
    assert "Failing" in shown


def test_without_webhooks_it_shows_the_way_to_the_first(owner):
    shown = page(owner)
    assert "No webhooks yet" in shown
    assert shown.count('href="/webhooks/new/">Create Webhook</a>') == 1


def test_with_webhooks_there_is_one_button_for_another(owner, partner):
    make_webhook(partner=partner)
    assert page(owner).count('href="/webhooks/new/">Create Webhook</a>') == 1


@pytest.mark.parametrize("count", [0, 1])
def test_a_viewer_sees_the_list_but_nothing_that_they_may_not_press(viewer, partner, count):
    for _ in range(count):
        make_webhook(partner=partner)
    assert "/webhooks/new/" not in page(viewer)


def test_a_deleted_webhook_is_gone(owner, partner):
    webhook = make_webhook(partner=partner)
    webhook.delete_softly()
    assert webhook.host not in page(owner)


def test_a_stranger_sees_none_of_it(stranger, partner):
    webhook = make_webhook(partner=partner)
    assert webhook.host not in page(stranger)


def test_neither_secret_nor_header_is_in_it(owner, partner):
    make_webhook(partner=partner, secret="canary-secret-0123456789", headers={"X-Key": "canary-value"})
    assert "canary" not in page(owner)


def test_what_a_partner_typed_is_text(owner, partner):
    make_webhook(partner=partner, url="https://hooks.northwind.com/<script>alert(1)</script>")
    assert "<script>alert" not in page(owner)


def test_it_costs_the_same_with_any_number_of_webhooks(owner, partner, django_assert_num_queries):
    make_webhook(partner=partner)
    with django_assert_num_queries(5):  # session, user, memberships, webhooks, rates
        owner.get(LIST)
    for count in (1, 20):
        for _ in range(count):
            make_webhook(partner=partner, headers={"X-Key": "value"}).deactivate(reason="Timed out.")
        with django_assert_num_queries(7):  # and who was told of those that failures deactivated
            owner.get(LIST)


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_it_is_only_read(owner, method):
    assert getattr(owner, method)(LIST).status_code == 405


def test_whoever_is_not_logged_in_is_sent_to_the_login(nobody):
    response = nobody.get(LIST)
    assert (response.status_code, response["Location"]) == (302, "/login/?next=/webhooks/")


def test_a_fragment_is_refused_to_whoever_is_not_logged_in(nobody):
    assert nobody.get(LIST, headers=HTMX).status_code == 403


def test_a_user_of_no_partner_is_told_whom_to_ask(db):
    client = Client()
    client.force_login(make_user())
    response = client.get(LIST)
    assert response.status_code == 403
    assert "Ask an owner to invite you" in response.content.decode()
    assert get_user_model().objects.get().email in response.content.decode()
