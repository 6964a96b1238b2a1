"""One alert a change, whoever records it and however much fails."""

import threading
import time
import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from deliveries.alerts.rule import QUIET
from deliveries.causes import Cause
from deliveries.engine.record import Outcome, record
from deliveries.models import Alert, Delivery
from tests.factories import make_delivery, make_event, make_webhook

pytestmark = pytest.mark.django_db

NOW = timezone.now()
SECOND = timedelta(seconds=1)
Kind = Alert.Kind


def leased(**fields):
    return make_delivery(lease=uuid.uuid4(), next_attempt_at=NOW + 30 * SECOND, **fields)


def outcome(delivery, status_code=503, cause=Cause.STATUS, **fields):
    ended = time.monotonic()
    return Outcome(
        delivery=delivery,
        started=ended,
        ended=ended,
        url=delivery.webhook.url,
        status_code=status_code,
        cause=cause,
        detail="Your server answered 503.",
        **fields,
    )


def fail(webhook, times=1, *, now=NOW, **fields):
    record([outcome(leased(webhook=webhook, **fields)) for _ in range(times)], now=now)


def succeed(webhook, *, now=NOW):
    record([outcome(leased(webhook=webhook), 200, None)], now=now)


def alerts():
    return list(Alert.objects.order_by("pk").values_list("kind", flat=True))


def test_a_webhook_that_was_fine_and_keeps_failing_is_told_once():
    webhook = make_webhook(outcomes="sss")
    fail(webhook, 2)
    fail(webhook, now=NOW + 3 * SECOND)
    assert alerts() == []
    fail(webhook, now=NOW + 7 * SECOND)
    fail(webhook, 20, now=NOW + 9 * SECOND)
    alert = Alert.objects.get()
    assert (alert.kind, alert.webhook, alert.partner) == (Kind.TROUBLE, webhook, webhook.partner)
    assert (alert.status_code, alert.cause, alert.addressed_at) == (503, Cause.STATUS, None)
    webhook.refresh_from_db()
    assert webhook.trouble_told_at == alert.created_at == NOW + 7 * SECOND


def test_failing_since_is_when_the_ongoing_failures_began():
    webhook = make_webhook()
    fail(webhook)
    fail(webhook, now=NOW + SECOND)
    webhook.refresh_from_db()
    assert webhook.failing_since == pytest.approx(NOW, abs=SECOND / 2)
    succeed(webhook, now=NOW + 2 * SECOND)
    webhook.refresh_from_db()
    assert webhook.failing_since is None


def test_a_blip_is_not_told():
    webhook = make_webhook()
    fail(webhook, 50)
    succeed(webhook, now=NOW + SECOND)
    fail(webhook, now=NOW + 60 * SECOND)
    assert alerts() == []


def test_it_is_told_again_after_a_day():
    webhook = make_webhook(outcomes="fff", failing_since=NOW - 60 * SECOND, trouble_told_at=NOW)
    fail(webhook, now=NOW + QUIET - SECOND)
    assert alerts() == []
    fail(webhook, now=NOW + QUIET)
    assert alerts() == [Kind.TROUBLE]


def test_a_deactivation_is_told_once_and_its_own_failures_are_not_told_beside_it():
    webhook = make_webhook(outcomes="ff", failing_since=NOW - 60 * SECOND)
    fail(webhook, 30, attempt_count=5)
    assert alerts() == [Kind.DEACTIVATED]
    webhook.refresh_from_db()
    assert Alert.objects.get().created_at == webhook.deactivated_at


def test_ten_thousand_deliveries_that_fail_are_one_alert_of_each_kind():
    """In batches as they come, first attempts and last ones mixed."""
    webhook = make_webhook()
    event = make_event(partner=webhook.partner)
    fresh = Delivery(webhook=webhook, event=event, partner=webhook.partner)
    rows = [
        Delivery(
            webhook=webhook,
            event=event,
            partner_id=fresh.partner_id,
            attempt_count=5 if number >= 5_000 else 0,
            lease=uuid.uuid4(),
            next_attempt_at=NOW,
        )
        for number in range(10_000)
    ]
    deliveries = Delivery.objects.bulk_create(rows, batch_size=1_000)
    for start in range(0, len(deliveries), 1_000):
        batch = deliveries[start : start + 1_000]
        record([outcome(each) for each in batch], now=NOW + start / 100 * SECOND)
    assert alerts() == [Kind.TROUBLE, Kind.DEACTIVATED]


def test_each_deactivation_is_told():
    webhook = make_webhook()
    for _ in range(2):
        fail(webhook, attempt_count=5)
        webhook.refresh_from_db()
        webhook.activate()
    assert alerts() == [Kind.DEACTIVATED] * 2


def test_a_webhook_that_a_person_activated_again_is_not_told_of_for_its_first_failure():
    webhook = make_webhook(outcomes="ffffff", failing_since=NOW - timedelta(days=2))
    webhook.deactivate(reason="Timed out.")
    webhook.activate()
    fail(webhook)
    assert alerts() == [Kind.DEACTIVATED]


@pytest.mark.parametrize(
    "fields", [{"is_active": False}, {"is_active": False, "deleted_at": NOW}], ids=["paused", "deleted"]
)
def test_what_fails_at_a_webhook_that_is_not_active_is_not_told(fields):
    fail(make_webhook(outcomes="fff", failing_since=NOW - 60 * SECOND, **fields))
    assert alerts() == []


def test_tests_and_faults_of_our_own_are_not_told():
    webhook = make_webhook()
    event = make_event(partner=webhook.partner, is_test=True)
    for _ in range(4):
        record([outcome(leased(webhook=webhook, event=event))], now=NOW + 60 * SECOND)
        record([outcome(leased(webhook=webhook), None, Cause.INTERNAL)], now=NOW + 60 * SECOND)
    assert alerts() == []


def test_it_goes_back_with_the_transaction(monkeypatch):
    """An alert that stood there without its deactivation would be a lie; the other way round, silence."""

    def break_off(webhook, **_):
        raise RuntimeError

    monkeypatch.setattr("deliveries.alerts.noticing.notice_trouble", break_off)
    webhook = make_webhook()
    with pytest.raises(RuntimeError):
        fail(webhook, attempt_count=5)
    webhook.refresh_from_db()
    assert (webhook.is_active, alerts()) == (True, [])


def test_a_batch_that_changes_nothing_costs_no_query_more():
    troubled = make_webhook(outcomes="fff", failing_since=NOW - 60 * SECOND, trouble_told_at=NOW)
    costs = []
    for webhook in (make_webhook(), troubled):
        outcomes = [outcome(leased(webhook=webhook)) for _ in range(20)]
        with CaptureQueriesContext(connection) as asked:
            record(outcomes, now=NOW)
        costs.append(len(asked))
    assert costs[0] == costs[1]
    assert alerts() == []


def test_alerts_cost_the_same_queries_whatever_the_number_of_webhooks():
    costs = []
    for count in (1, 10):
        failing = [make_webhook(outcomes="ff", failing_since=NOW - 60 * SECOND) for _ in range(count)]
        outcomes = [outcome(leased(webhook=webhook)) for webhook in failing]
        with CaptureQueriesContext(connection) as asked:
            record(outcomes, now=NOW)
        costs.append(len(asked))
    assert costs[0] == costs[1]
    assert len(alerts()) == 11


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", Kind.values[:2])
def test_workers_that_record_at_the_same_moment_write_one_alert(kind):
    webhook = make_webhook(outcomes="ff", failing_since=NOW - 60 * SECOND)
    attempts = 5 if kind == Kind.DEACTIVATED else 0
    batches = [[outcome(leased(webhook=webhook, attempt_count=attempts))] for _ in range(4)]
    barrier = threading.Barrier(len(batches))

    def work(batch):
        try:
            barrier.wait()
            record(batch, now=NOW)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=[batch]) for batch in batches]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert alerts() == [kind]
    assert Delivery.objects.filter(attempt_count=attempts + 1).count() == len(batches)
