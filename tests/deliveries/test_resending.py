"""Sending again: what is owed, what is counted, and what the engine then does."""

import time
import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from deliveries import resending
from deliveries.causes import Cause
from deliveries.engine.claim import Claimer
from deliveries.engine.record import Outcome, record
from deliveries.engine.shares import Shares
from deliveries.models import Delivery
from portal.models import AuditEntry
from tests.factories import make_attempt, make_delivery, make_hour, make_webhook
from webhooks.models import WebhookHour

pytestmark = pytest.mark.django_db

Status = Delivery.Status
NOW = timezone.now()
BY = "dana@northwind.example"


def resend(delivery):
    done = resending.resend(delivery, by=BY)
    delivery.refresh_from_db()
    delivery.webhook.refresh_from_db()
    return done


def claim():
    now = timezone.now() + timedelta(seconds=1)
    return Claimer().claim(now=now, limit=10, shares=Shares(places=100)).leased


def answer(status_code):
    """Let the endpoint answer everything that is due."""
    ended, cause = time.monotonic(), None if status_code == 200 else Cause.STATUS
    outcomes = [
        Outcome(
            delivery=each, started=ended - 0.25, ended=ended, url="u", status_code=status_code, cause=cause
        )
        for each in claim()
    ]
    return record(outcomes, now=timezone.now())


def counts(webhook):
    """Return succeeded and failed as the webhook's row and its hours have them."""
    webhook.refresh_from_db()
    hours = WebhookHour.objects.filter(webhook=webhook).rates()[webhook.pk]
    assert (hours.succeeded, hours.failed) == (webhook.succeeded_count, webhook.failed_count)
    return webhook.succeeded_count, webhook.failed_count


@pytest.mark.parametrize("status", [Status.SUCCEEDED, Status.FAILED, Status.CANCELED, Status.HELD])
def test_whatever_became_of_it_it_is_owed_again_with_a_new_round_of_attempts(status):
    delivery = make_delivery(status=status, attempt_count=6)
    public_id = delivery.public_id
    assert resend(delivery)
    assert (delivery.status, delivery.round_start, delivery.finished_at) == (Status.PENDING, 6, None)
    assert (delivery.public_id, delivery.resent_count) == (public_id, 1)
    assert delivery.next_attempt_at is not None
    assert [(each.by, each.after_attempt) for each in delivery.resends.all()] == [(BY, 6)]


@pytest.mark.parametrize("lease", [None, uuid.uuid4()])
def test_what_is_on_its_way_is_left_alone(lease):
    delivery = make_delivery(lease=lease)
    assert not resend(delivery)
    assert (delivery.resent_count, delivery.lease) == (0, lease)


def test_nothing_is_sent_again_to_a_deleted_webhook():
    delivery = make_delivery(status=Status.FAILED)
    delivery.webhook.delete_softly()
    assert not resend(delivery)
    assert delivery.status == Status.FAILED


@pytest.mark.parametrize(("status_code", "after"), [(200, (4, 1)), (503, (3, 2))])
def test_a_failed_delivery_is_counted_as_what_it_becomes(status_code, after):
    webhook = make_webhook(succeeded_count=3, failed_count=2)
    make_hour(webhook=webhook, succeeded=3, failed=2)
    delivery = make_delivery(webhook=webhook, status=Status.FAILED, attempt_count=6, last_cause="status")
    resend(delivery)
    assert counts(webhook) == (3, 1)
    Delivery.objects.update(attempt_count=11)
    answer(status_code)
    assert counts(webhook) == after


def test_a_delivery_leaves_the_hour_in_which_it_had_ended():
    webhook, ended = make_webhook(failed_count=1), NOW - timedelta(days=3)
    make_hour(webhook=webhook, hour=ended, failed=1)
    delivery = make_delivery(webhook=webhook, status=Status.FAILED, finished_at=ended)
    resend(delivery)
    answer(200)
    hours = WebhookHour.objects.order_by("hour").values_list("succeeded", "failed")
    assert list(hours) == [(0, 0), (1, 0)]


@pytest.mark.parametrize("fields", [{"is_test": True}, {"last_cause": Cause.INTERNAL}])
def test_what_was_never_counted_is_not_taken_out(fields):
    delivery = make_delivery(webhook=make_webhook(failed_count=1), status=Status.FAILED, **fields)
    resend(delivery)
    assert delivery.webhook.failed_count == 1
    assert not WebhookHour.objects.exists()


@pytest.mark.parametrize(("status_code", "status"), [(200, Status.SUCCEEDED), (503, Status.HELD)])
def test_an_inactive_webhook_gets_it_once(status_code, status):
    delivery = make_delivery(webhook=make_webhook(is_active=False), status=Status.HELD)
    resend(delivery)
    assert answer(status_code) == 1
    delivery.refresh_from_db()
    assert delivery.status == status
    assert answer(status_code) == 0


def test_what_failed_or_was_held_since_then_is_sent_again():
    webhook, hour = make_webhook(), timedelta(hours=1)
    wanted = [make_delivery(webhook=webhook, status=each) for each in (Status.FAILED, Status.HELD)]
    left = [
        make_delivery(webhook=webhook, status=Status.SUCCEEDED),
        make_delivery(webhook=webhook, status=Status.CANCELED),
        make_delivery(webhook=webhook, status=Status.FAILED, is_test=True),
        make_delivery(webhook=webhook, status=Status.FAILED, created_at=NOW - 2 * hour),
        make_delivery(status=Status.FAILED),
    ]
    assert resending.lost(webhook, since=NOW - hour).count() == 2
    assert resending.resend_lost(webhook, since=NOW - hour, by=BY) == 2
    assert set(Delivery.objects.filter(resent_count=1)) == set(wanted)
    assert {each.status for each in Delivery.objects.filter(pk__in=[d.pk for d in left])} == {
        Status.SUCCEEDED,
        Status.CANCELED,
        Status.FAILED,
    }


def test_many_are_sent_again_in_batches_up_to_a_limit(monkeypatch):
    monkeypatch.setattr(resending, "BATCH", 2)
    monkeypatch.setattr(resending, "MOST", 5)
    webhook = make_webhook()
    made = [make_delivery(webhook=webhook, status=Status.FAILED) for _ in range(7)]
    assert resending.resend_lost(webhook, since=NOW - timedelta(hours=1), by=BY) == 5
    assert list(Delivery.objects.filter(status=Status.PENDING).order_by("pk")) == made[:5], "the oldest first"


def test_a_batch_costs_the_same_queries_whatever_its_size(django_assert_num_queries):
    webhook = make_webhook()
    for count in (1, 20):
        for _ in range(count):
            make_delivery(webhook=webhook, status=Status.FAILED)
        # keys; savepoint, webhook, deliveries, hours with counts (apart on SQLite), resends, pending, audit,
        # release
        with django_assert_num_queries(9 if connection.vendor == "postgresql" else 10):
            assert resending.resend_lost(webhook, since=NOW - timedelta(hours=1), by=BY) == count


def test_the_audit_trail_says_who_wanted_it_and_how_much():
    webhook = make_webhook()
    first, *_ = (make_delivery(webhook=webhook, status=Status.FAILED) for _ in range(3))
    assert resending.resend(first, by=BY)
    assert not resending.resend(first, by=BY), "it is on its way, and nothing is written down"
    resending.resend_lost(webhook, since=NOW - timedelta(hours=1), by=BY)
    entries = AuditEntry.objects.order_by("pk").values_list("action", "by", "subject", "detail")
    assert list(entries) == [
        ("resent", BY, first.public_id, ""),
        ("resent", BY, webhook.host, "2 that failed or were held"),
    ]


def test_attempts_go_on_counting():
    delivery = make_delivery(status=Status.FAILED, attempt_count=6, last_cause="status")
    for _ in range(6):
        make_attempt(delivery=delivery, status_code=503)
    resend(delivery)
    answer(503)
    delivery.refresh_from_db()
    assert (delivery.status, delivery.attempt_count) == (Status.PENDING, 7)


def test_what_has_been_purged_is_not_sent_again_with_nothing_in_it():
    delivery = make_delivery(status=Status.FAILED)
    type(delivery.event).objects.filter(pk=delivery.event_id).update(body="")
    assert not resend(delivery)
    assert delivery.status == Status.FAILED
    assert not resending.lost(delivery.webhook, since=delivery.created_at).exists()
