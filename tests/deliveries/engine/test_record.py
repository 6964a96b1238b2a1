import uuid
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import connection
from django.utils import timezone

from deliveries.causes import Cause
from deliveries.engine.record import Outcome, record
from deliveries.models import Attempt, Delivery
from tests.factories import make_delivery, make_event, make_webhook
from webhooks.health import Health
from webhooks.models import WebhookHour

pytestmark = pytest.mark.django_db

NOW = timezone.now()
SECOND = timedelta(seconds=1)

#: The monotonic clock's time, which stands still.
MOMENT = 100_000.0
Status = Delivery.Status


@pytest.fixture(autouse=True)
def _time_stands_still(monkeypatch):
    monkeypatch.setattr("deliveries.engine.record.time", SimpleNamespace(monotonic=lambda: MOMENT))


def leased(**fields):
    return make_delivery(lease=uuid.uuid4(), next_attempt_at=NOW + timedelta(seconds=30), **fields)


def outcome(delivery, status_code=None, cause=None, *, ago=0.0, took=0.25, **fields):
    """Return what came of an attempt that took *took* seconds and ended *ago* seconds ago."""
    ended = MOMENT - ago
    return Outcome(
        delivery=delivery,
        started=ended - took,
        ended=ended,
        url=delivery.webhook.url,
        status_code=status_code,
        cause=cause,
        **fields,
    )


def succeed(delivery, **fields):
    return outcome(delivery, 200, **fields)


def fail(delivery, **fields):
    return outcome(delivery, 503, Cause.STATUS, detail="Your server answered 503.", **fields)


def test_a_success_finishes_the_delivery():
    delivery = leased()
    record([succeed(delivery)], now=NOW)
    delivery.refresh_from_db()
    assert (delivery.status, delivery.lease, delivery.next_attempt_at) == (Status.SUCCEEDED, None, None)
    assert delivery.finished_at == NOW
    assert (delivery.attempt_count, delivery.last_status_code, delivery.last_duration_ms) == (1, 200, 250)


@pytest.mark.parametrize(("attempts_before", "wait"), [(0, 1), (1, 2), (2, 4), (3, 8), (4, 16)])
def test_a_failure_is_retried_from_its_end(attempts_before, wait):
    delivery = leased(attempt_count=attempts_before)
    record([fail(delivery, ago=0.5)], now=NOW)
    delivery.refresh_from_db()
    assert (delivery.status, delivery.lease) == (Status.PENDING, None)
    due = NOW + timedelta(seconds=wait - 0.5)
    assert delivery.next_attempt_at == due


def test_the_fifth_failed_retry_fails_the_delivery_and_deactivates_its_webhook():
    delivery = leased(attempt_count=5)
    record([fail(delivery)], now=NOW)
    delivery.refresh_from_db()
    delivery.webhook.refresh_from_db()
    assert delivery.status == Status.FAILED
    assert not delivery.webhook.is_active
    assert delivery.webhook.deactivated_at is not None
    assert delivery.webhook.deactivation_reason == "Your server answered 503."
    assert delivery.webhook.health == Health.RED


def test_deactivation_holds_what_else_the_webhook_is_owed():
    failing = leased(attempt_count=5)
    waiting, under_way = make_delivery(webhook=failing.webhook), leased(webhook=failing.webhook)
    record([fail(failing)], now=NOW)
    waiting.refresh_from_db()
    under_way.refresh_from_db()
    assert waiting.status == Status.HELD
    assert under_way.status == Status.PENDING, "what is being sent ends first"


def test_a_failure_under_way_while_its_webhook_was_deactivated_is_held():
    delivery = leased(webhook=make_webhook(is_active=False))
    record([fail(delivery)], now=NOW)
    delivery.refresh_from_db()
    assert (delivery.status, delivery.attempt_count, delivery.finished_at) == (Status.HELD, 1, None)


def test_a_success_under_way_while_its_webhook_was_deactivated_is_a_success():
    delivery = leased(webhook=make_webhook(is_active=False))
    record([succeed(delivery)], now=NOW)
    delivery.refresh_from_db()
    assert delivery.status == Status.SUCCEEDED


def test_a_failure_under_way_while_its_webhook_was_deleted_is_canceled():
    delivery = leased(webhook=make_webhook(is_active=False, deleted_at=NOW))
    record([fail(delivery)], now=NOW)
    delivery.refresh_from_db()
    assert delivery.status == Status.CANCELED


def test_a_released_delivery_has_all_its_retries_again():
    delivery = leased(attempt_count=6, round_start=6)
    record([fail(delivery)], now=NOW)
    delivery.refresh_from_db()
    assert (delivery.status, delivery.attempt_count) == (Status.PENDING, 7)


def test_a_late_outcome_is_discarded():
    delivery = leased()
    Delivery.objects.update(lease=uuid.uuid4())
    assert record([succeed(delivery)], now=NOW) == 0
    stored = Delivery.objects.get()
    assert (stored.status, stored.attempt_count) == (Status.PENDING, 0)
    assert not Attempt.objects.exists()
    stored.webhook.refresh_from_db()
    assert stored.webhook.outcomes == ""


def test_every_attempt_is_logged():
    delivery = leased(attempt_count=2)
    headers = {"webhook-id": delivery.public_id}
    record([fail(delivery, ago=1, request_headers=headers, response="<h1>Down</h1>")], now=NOW)
    attempt = Attempt.objects.get()
    assert (attempt.number, attempt.status_code, attempt.cause) == (3, 503, Cause.STATUS)
    assert (attempt.duration_ms, attempt.response, attempt.request_headers) == (250, "<h1>Down</h1>", headers)
    started = NOW - timedelta(seconds=1.25)
    assert attempt.started_at == started


def test_the_webhooks_row_keeps_health_counts_and_last_delivery():
    webhook = make_webhook(outcomes="s", succeeded_count=1)
    record([succeed(leased(webhook=webhook), ago=2), fail(leased(webhook=webhook), ago=1)], now=NOW)
    record([succeed(leased(webhook=webhook), took=0.084)], now=NOW)
    webhook.refresh_from_db()
    assert (webhook.outcomes, webhook.succeeded_count, webhook.failed_count) == ("ssfs", 3, 0)
    assert (webhook.last_status_code, webhook.last_duration_ms, webhook.last_cause) == (200, 84, "")
    assert webhook.last_attempt_at is not None


def test_a_failed_delivery_counts_once_however_many_attempts_it_took():
    delivery = leased(attempt_count=5, webhook=make_webhook(outcomes="fffff"))
    record([fail(delivery)], now=NOW)
    delivery.webhook.refresh_from_db()
    assert (delivery.webhook.failed_count, delivery.webhook.outcomes) == (1, "ffffff")


def test_the_hour_keeps_what_ended_in_it_and_how_fast_the_answers_came():
    webhook = make_webhook()
    timed_out = outcome(leased(webhook=webhook), cause=Cause.TIMEOUT, took=10)
    last = fail(leased(webhook=webhook, attempt_count=5), took=1.5)
    record([succeed(leased(webhook=webhook)), fail(leased(webhook=webhook)), timed_out, last], now=NOW)
    hour = WebhookHour.objects.get()
    assert hour.webhook == webhook
    assert hour.hour in {each.replace(minute=0, second=0, microsecond=0) for each in (NOW, NOW - SECOND)}
    assert (hour.succeeded, hour.failed) == (1, 1)
    assert (hour.ms_300, hour.ms_2000, hour.ms_10000) == (2, 1, 0), "only answers have a response time"


def test_hours_are_kept_apart():
    webhook, noon = make_webhook(), NOW.replace(hour=12, minute=0, second=30, microsecond=0)
    record([succeed(leased(webhook=webhook), ago=ago) for ago in (0, 60, 3600)], now=noon)
    counts = list(WebhookHour.objects.order_by("hour").values_list("hour__hour", "succeeded"))
    assert counts == [(11, 2), (12, 1)]


def test_the_latest_failure_is_remembered_through_later_successes():
    webhook = make_webhook()
    record([fail(leased(webhook=webhook), ago=2), succeed(leased(webhook=webhook), ago=1)], now=NOW)
    webhook.refresh_from_db()
    assert (webhook.last_failed_code, webhook.last_failed_cause, webhook.last_cause) == (503, "status", "")
    assert webhook.last_failed_at == NOW - 2.25 * SECOND


@pytest.mark.parametrize("answer", [succeed, fail])
def test_a_test_is_one_attempt_and_counts_for_nothing(answer):
    webhook = make_webhook()
    event = make_event(partner=webhook.partner, is_test=True)
    delivery = leased(webhook=webhook, event=event, attempt_count=0)
    record([answer(delivery)], now=NOW)
    delivery.refresh_from_db()
    webhook.refresh_from_db()
    assert delivery.status == (Status.SUCCEEDED if answer is succeed else Status.FAILED)
    assert (webhook.outcomes, webhook.finished_count, webhook.is_active) == ("", 0, True)
    assert webhook.last_attempt_at is None
    assert not WebhookHour.objects.exists()


def test_a_fault_of_our_own_is_retried_and_never_held_against_the_webhook():
    delivery = leased(attempt_count=5)
    record([outcome(delivery, cause=Cause.INTERNAL, detail="The fault is ours.")], now=NOW)
    delivery.refresh_from_db()
    delivery.webhook.refresh_from_db()
    assert delivery.status == Status.FAILED
    assert (delivery.webhook.is_active, delivery.webhook.outcomes) == (True, "")


@pytest.mark.parametrize("count", [1, 20])
def test_a_batch_costs_the_same_queries_whatever_its_size(django_assert_num_queries, count):
    outcomes = [succeed(leased()) for _ in range(count)]
    # savepoint, lock webhooks, deliveries, attempts with hours and webhooks (apart on SQLite), release
    with django_assert_num_queries(5 if connection.vendor == "postgresql" else 7):
        record(outcomes, now=NOW)
