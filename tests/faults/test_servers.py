"""Servers that are gone, emptied, full or new (experiments 4 to 8)."""

import signal
import threading
import time
import urllib.request
from contextlib import contextmanager
from urllib.error import HTTPError

import pytest
import redis as redis_client
from django.db import DatabaseError, connection

from deliveries.models import Attempt, Delivery, Event
from tests.factories import make_webhook
from tests.faults.backend import emit, emit_until_accepted
from tests.faults.oracle import judge
from tests.waiting import eventually

Status = Delivery.Status


@pytest.mark.parametrize("seconds", [3, pytest.param(20, marks=pytest.mark.faults)])
def test_4_redis_gone_for_a_while_delays_and_loses_nothing(stack, receiver, redis, seconds):
    _, portal = stack.web()
    webhook = make_webhook(url=receiver.url())
    stack.worker()
    stack.beat()
    emit(webhook)
    receiver.wait_for(1)
    redis.stop()
    began = time.monotonic()
    emit(webhook, 20)
    assert time.monotonic() - began < 1, "a backend waits for nobody's broker"
    assert status_of(portal) == 200
    time.sleep(seconds)
    redis.start()
    verdict = judge(receiver, within=60)
    assert (verdict.all_delivered, verdict.duplicates) == (True, 0)


def test_5_an_emptied_redis_loses_nothing(stack, receiver, redis):
    receiver.answer("/slow", delay=0.05)
    webhook = make_webhook(url=receiver.url("/slow"))
    stack.worker()
    stack.beat()
    for _ in range(5):
        emit(webhook, 20)
        redis_client.from_url(redis.url).flushall()
    verdict = judge(receiver)
    assert (verdict.all_delivered, verdict.duplicates) == (True, 0)


def test_6_a_full_redis_loses_nothing_and_is_seen(stack, receiver, redis):
    server = redis_client.from_url(redis.url)
    webhook = make_webhook(url=receiver.url())
    worker = stack.worker()
    beat = stack.beat()
    server.config_set("maxmemory", 1)
    emit(webhook, 20)
    eventually(lambda: "OutOfMemory" in beat.log.read_text() or "maxmemory" in beat.log.read_text())
    server.config_set("maxmemory", 0)
    verdict = judge(receiver, within=60)
    assert (verdict.all_delivered, verdict.duplicates) == (True, 0)
    assert worker.running


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT], ids=["restart", "crash"])
def test_7_a_database_restart_is_survived_by_all(stack, receiver, postgres, how):
    receiver.answer("/slow", delay=0.3)
    _, portal = stack.web()
    webhook = make_webhook(url=receiver.url("/slow"))
    stack.worker()
    stack.beat()
    emit(webhook, 50)
    receiver.wait_for(10)
    connection.close()
    postgres.stop(how)
    assert status_of(portal) == 500
    postgres.start()
    assert eventually(lambda: status_of(portal) == 200)
    verdict = judge(receiver)
    assert (verdict.all_delivered, verdict.duplicates) == (True, 0)


def test_7_a_backend_that_repeats_itself_through_a_restart_records_each_event_once(stack, receiver, postgres):
    webhook = make_webhook(url=receiver.url())
    stack.worker()
    stack.beat()
    with _restarting(postgres):
        for number in range(100):
            emit_until_accepted(webhook, f"key-{number}")
            time.sleep(0.02)
    assert Event.objects.count() == 100
    verdict = judge(receiver)
    assert (verdict.all_delivered, verdict.duplicates) == (True, 0)


def test_8_a_full_disk_says_so_tells_no_lies_and_is_recovered_from(stack, receiver):
    receiver.answer("/slow", delay=1)
    webhook = make_webhook(url=receiver.url("/slow"))
    worker = stack.worker()
    stack.beat()
    emit(webhook, 5)
    receiver.wait_for(5)
    with _full_disk():
        with pytest.raises(DatabaseError, match="No space left on device"):
            emit(webhook)
        worker.wait_to_say("The database did not answer (OperationalError)")
        assert {delivery.status for delivery in Delivery.objects.all()} == {Status.PENDING}
        assert not Attempt.objects.exists()
    verdict = judge(receiver)
    assert (verdict.all_delivered, verdict.duplicates) == (True, 0)
    assert Event.objects.count() == 5


@contextmanager
def _full_disk():
    """Have PostgreSQL refuse every row as it does when it cannot extend a file: SQLSTATE 53100."""
    tables = ("deliveries_event", "deliveries_delivery", "deliveries_attempt", "webhooks_webhook")
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION "
            "'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$"
        )
        for table in tables:
            cursor.execute(
                f"CREATE TRIGGER full_disk BEFORE INSERT OR UPDATE ON {table} EXECUTE FUNCTION full_disk()"
            )
        yield
        cursor.execute("DROP FUNCTION full_disk CASCADE")


@contextmanager
def _restarting(postgres):
    """Restart PostgreSQL from a second thread, while the block runs."""

    def restart() -> None:
        time.sleep(0.5)
        postgres.stop()
        time.sleep(1)
        postgres.start()

    thread = threading.Thread(target=restart)
    thread.start()
    yield
    thread.join()


def status_of(portal: str) -> int:
    """Ask for a page that looks into the database for its visitor's session."""
    request = urllib.request.Request(f"{portal}/login/", headers={"Cookie": f"sessionid={'s' * 32}"})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return int(answer.status)
    except HTTPError as error:
        return error.code
