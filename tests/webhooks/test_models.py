"""A webhook by itself."""

import pytest
from django.db import IntegrityError
from django.utils import timezone

from tests.factories import make_partner, make_webhook
from webhooks import signals
from webhooks.models import Webhook, generate_secret
from webhooks.rolling import Secrets
from webhooks.typed_secrets import check_secret

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("url", "host", "path"),
    [
        ("https://hooks.northwind.com/v2/income", "hooks.northwind.com", "/v2/income"),
        ("https://hooks.northwind.com:8443/v2?a=b", "hooks.northwind.com:8443", "/v2?a=b"),
        ("https://hooks.northwind.com", "hooks.northwind.com", "/"),
        ("https://hooks.northwind.com?a=b", "hooks.northwind.com", "?a=b"),
        ("http://[::1]:9000/ok", "[::1]:9000", "/ok"),
    ],
)
def test_its_url_is_shown_as_host_and_path(url, host, path):
    webhook = Webhook(url=url)
    assert (webhook.host, webhook.path, str(webhook)) == (host, path, host)


def test_its_secret_is_one_of_its_own():
    assert make_webhook().secret != make_webhook().secret
    assert check_secret(generate_secret())


@pytest.mark.parametrize(
    ("subscribed", "expected"),
    [([], True), (["verification.failed"], True), (["verification.expired"], False)],
)
def test_it_subscribes_to_every_type_unless_it_names_some(subscribed, expected):
    assert Webhook(event_types=subscribed).subscribes_to("verification.failed") is expected


def test_the_success_rate_speaks_of_finished_deliveries():
    webhook = Webhook(succeeded_count=3, failed_count=1)
    assert (webhook.success_rate, webhook.finished_count) == (75, 4)
    assert Webhook().success_rate is None


def test_failures_leave_a_reason_and_a_person_leaves_none():
    by_failures, by_hand = make_webhook(), make_webhook()
    by_failures.deactivate(reason="Timed out.")
    by_hand.deactivate()
    assert by_failures.deactivated_at
    assert by_failures.deactivation_reason == "Timed out."
    assert by_hand.deactivated_at is None


def test_an_active_one_cannot_be_deactivated_by_failures_at_once():
    webhook = make_webhook()
    webhook.deactivate(reason="Timed out.")
    with pytest.raises(IntegrityError):
        Webhook.objects.filter(pk=webhook.pk).update(is_active=True)


def test_a_deleted_one_keeps_its_row_and_none_of_its_secrets():
    webhook = make_webhook(
        headers={"X-Key": "value"},
        previous_secret=generate_secret(),
        previous_secret_expires_at=timezone.now(),
    )
    webhook.delete_softly()
    webhook.refresh_from_db()
    assert (webhook.signing_secrets, webhook.is_active) == (Secrets(""), False)
    assert not webhook.headers.exists()
    assert webhook not in Webhook.objects.live()


@pytest.mark.parametrize(
    ("change", "signal"),
    [
        (Webhook.activate, signals.activated),
        (Webhook.deactivate, signals.deactivated),
        (Webhook.delete_softly, signals.deleted),
    ],
)
def test_whoever_delivers_is_told_and_their_refusal_undoes_the_change(change, signal):
    webhook = make_webhook(is_active=change is not Webhook.activate, headers={"X-Key": "value"})

    def refuse(webhook, **_):
        raise RuntimeError(webhook.public_id)

    signal.connect(refuse)
    try:
        with pytest.raises(RuntimeError, match=webhook.public_id):
            change(webhook)
    finally:
        signal.disconnect(refuse)
    stored = Webhook.objects.live().get(pk=webhook.pk)
    assert stored.is_active is (change is not Webhook.activate)
    assert stored.headers.count() == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda webhook: webhook.headers.create(name="X-New", value="1"),
        lambda webhook: webhook.headers.get().save(),
        lambda webhook: webhook.headers.get().delete(),
        lambda webhook: webhook.save(update_fields=["url", "updated_at"]),
        lambda webhook: Webhook.objects.filter(pk=webhook.pk).update(url="https://new.northwind.com/"),
    ],
)
def test_every_change_says_when(change):
    webhook = make_webhook(headers={"X-Key": "value"})
    webhook.refresh_from_db()
    before = webhook.updated_at
    change(webhook)
    webhook.refresh_from_db()
    assert webhook.updated_at > before


def test_webhooks_are_listed_in_the_order_they_were_made():
    partner = make_partner()
    webhooks = [make_webhook(partner=partner) for _ in range(3)]
    assert list(partner.webhooks.all()) == webhooks
