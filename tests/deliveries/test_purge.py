"""What is too old goes; what somebody is still owed stays."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from deliveries import tasks
from deliveries.models import Attempt, Delivery, Event
from deliveries.purge import CLOCKS_APART, purge
from tests.deliveries.portal_client import client_of, text
from tests.factories import make_attempt, make_delivery, make_event, make_partner, make_webhook
from webhooks.rolling import Secrets

pytestmark = pytest.mark.django_db

Status = Delivery.Status
NOW = timezone.now()


@pytest.fixture(autouse=True)
def retention(settings):
    settings.PAYLOAD_RETENTION_DAYS, settings.LOG_RETENTION_DAYS = 30, 365


def days_ago(days):
    return NOW - timedelta(days=days)


def make_old(*, days, finished=None, status=Status.SUCCEEDED, webhook=None):
    """Make a delivery of an event that happened *days* ago, with one attempt."""
    webhook = webhook or make_webhook()
    event = make_event(partner=webhook.partner, created_at=days_ago(days))
    times = {} if status in {Status.PENDING, Status.HELD} else {"finished_at": days_ago(finished or days)}
    delivery = make_delivery(webhook=webhook, event=event, status=status, **times)
    make_attempt(delivery=delivery, response="thanks")
    return delivery


def contents(delivery):
    return Event.objects.get(pk=delivery.event_id).body, Attempt.objects.get(delivery=delivery).response


def test_payload_and_answer_go_after_thirty_days_and_the_facts_stay():
    delivery = make_old(days=31)
    assert purge(now=NOW) == (1, 0)
    assert contents(delivery) == ("", "")
    attempt = Attempt.objects.get()
    assert (attempt.status_code, attempt.url, attempt.number) == (200, delivery.webhook.url, 1)


def test_nothing_is_left_of_them_in_the_database():
    delivery = make_old(days=31)
    purge(now=NOW)
    stored = Event.objects.filter(body="").count(), Attempt.objects.filter(response="").count()
    assert stored == (1, 1), delivery


def test_younger_ones_stay():
    delivery = make_old(days=29)
    assert purge(now=NOW) == (0, 0)
    assert "" not in contents(delivery)


@pytest.mark.parametrize("status", [Status.PENDING, Status.HELD])
@pytest.mark.parametrize("days", [31, 400, 4000])
def test_what_is_still_owed_is_never_purged(status, days):
    delivery = make_old(days=days, status=status)
    assert purge(now=NOW) == (0, 0)
    assert "" not in contents(delivery)


def test_one_webhook_that_is_owed_it_keeps_it_for_all():
    first = make_old(days=31)
    make_delivery(webhook=make_webhook(partner=first.webhook.partner), event=first.event, status=Status.HELD)
    assert purge(now=NOW) == (0, 0)


def test_what_was_held_for_long_is_kept_as_long_after_it_was_delivered():
    make_old(days=90, finished=29)
    assert purge(now=NOW) == (0, 0)
    assert purge(now=NOW + timedelta(days=1.1)) == (1, 0)


@pytest.mark.parametrize("status", [Status.SUCCEEDED, Status.FAILED, Status.CANCELED])
def test_it_does_not_matter_how_it_ended(status):
    make_old(days=31, status=status)
    assert purge(now=NOW)[0] == 1


def test_an_event_that_nobody_wanted_is_purged_too():
    event = make_event(created_at=days_ago(31))
    purge(now=NOW)
    event.refresh_from_db()
    assert event.is_purged


def test_the_log_goes_after_a_year():
    old, recent = make_old(days=366), make_old(days=364)
    assert purge(now=NOW) == (2, 1)
    assert list(Delivery.objects.all()) == [recent]
    assert not Attempt.objects.filter(delivery_id=old.pk).exists()
    assert Event.objects.get() == recent.event


def test_the_webhooks_counts_outlive_the_log():
    webhook = make_webhook(succeeded_count=7)
    make_old(days=366, webhook=webhook)
    purge(now=NOW)
    webhook.refresh_from_db()
    assert webhook.succeeded_count == 7


def test_batch_follows_batch_until_nothing_is_left(django_assert_max_num_queries):
    webhook = make_webhook()
    for _ in range(5):
        make_old(days=366, webhook=webhook)
    with django_assert_max_num_queries(60):
        assert purge(now=NOW, batch=2) == (5, 5)
    assert not Event.objects.exists()


def test_what_is_kept_does_not_stand_in_the_way():
    for _ in range(3):
        make_old(days=400, status=Status.HELD)
    make_old(days=31)
    assert purge(now=NOW, batch=2) == (1, 0)


def test_the_periods_are_settings(settings):
    settings.PAYLOAD_RETENTION_DAYS, settings.LOG_RETENTION_DAYS = 7, 8
    make_old(days=9)
    assert purge(now=NOW) == (1, 1)


def test_beat_and_the_command_purge(settings, capsys):
    assert settings.CELERY_BEAT_SCHEDULE["purge"]["task"] == tasks.purge_old.name
    make_old(days=31)
    tasks.purge_old()
    assert Event.objects.get().is_purged
    make_old(days=31)
    call_command("purge")
    assert capsys.readouterr().out == "Purged 1 payloads; deleted 0 events and their deliveries.\n"


# --- Old secrets --------------------------------------------------------------------------------


def test_an_old_secret_is_erased_once_it_no_longer_signs():
    over = make_webhook(secret="new", previous_secret="old", previous_secret_expires_at=days_ago(1))
    before = over.updated_at
    purge(now=NOW)
    over.refresh_from_db()
    assert over.signing_secrets == Secrets("new")
    assert over.updated_at > before  # workers keep webhooks in memory until they change


@pytest.mark.parametrize("ended", [-timedelta(days=1), timedelta(), CLOCKS_APART])
def test_what_may_still_sign_by_any_clock_is_kept(ended):
    webhook = make_webhook(secret="new", previous_secret="old", previous_secret_expires_at=NOW - ended)
    purge(now=NOW)
    webhook.refresh_from_db()
    assert webhook.previous_secret == "old"


def test_webhooks_that_were_not_rolled_are_not_touched():
    webhook = make_webhook()
    webhook.refresh_from_db()
    before = webhook.updated_at
    purge(now=NOW)
    webhook.refresh_from_db()
    assert webhook.updated_at == before


# --- The pages -------------------------------------------------------------------------------------


def test_the_page_says_that_the_payload_is_gone():
    delivery = make_old(days=31)
    purge(now=NOW)
    page = text(client_of(delivery.webhook.partner).get(f"/deliveries/{delivery.public_id}/"))
    assert "The payload has been purged" in page
    assert "The answer's body has been purged." in page
    assert "bytes" not in page
    assert "sent-body" not in page


def test_lists_look_as_before():
    partner = make_partner()
    delivery = make_old(days=31, webhook=make_webhook(partner=partner))
    client, urls = client_of(partner), ["/deliveries/", f"/webhooks/{delivery.webhook.public_id}/"]
    before = [text(client.get(url)).count(delivery.public_id) for url in urls]
    purge(now=NOW)
    assert [text(client.get(url)).count(delivery.public_id) for url in urls] == before
