"""The whole way of a notification, on real workers, with an endpoint that records what arrives."""

import hashlib
import hmac
from itertools import pairwise

import pytest
from django.db.models.functions import Now

from deliveries import events
from deliveries.events import Verification
from deliveries.models import Attempt, Delivery
from tests.factories import make_webhook
from tests.waiting import eventually
from webhooks.event_types import EventType
from webhooks.models import Webhook

Status = Delivery.Status


def emit(webhook, count=1):
    for number in range(count):
        events.record(
            partner=webhook.partner,
            event_type=EventType.COMPLETED,
            verification=Verification(verification_id=f"ver_{number}", session_id=number),
        )


def all_are(status):
    return not Delivery.objects.exclude(status=status).exists()


def test_an_event_arrives_signed_without_waiting_for_beat(stack, receiver):
    stack.worker()
    webhook = make_webhook(url=receiver.url("/hook"), headers={"X-Key": "k1"})
    stack.manage("emit", "verification.completed", "--partner", webhook.partner.slug)
    [request] = receiver.wait_for(1)
    signature = hmac.new(webhook.secret.encode(), request.body, hashlib.sha256).hexdigest()
    assert request.headers["x-webhook-signature"] == signature
    assert request.headers["content-type"] == "application/json"
    assert request.headers["x-key"] == "k1"
    assert request.id == Delivery.objects.get().public_id
    eventually(lambda: all_are(Status.SUCCEEDED))


def test_beat_finds_what_no_wake_announced(stack, receiver):
    emit(make_webhook(url=receiver.url()))
    stack.worker()
    stack.beat()
    receiver.wait_for(1)


@pytest.mark.slow
def test_an_endpoint_that_fails_for_ever_gets_six_requests_and_its_webhook_is_deactivated(stack, receiver):
    receiver.answer("/down", status=500)
    stack.worker()
    stack.beat()
    webhook = make_webhook(url=receiver.url("/down"))
    emit(webhook)
    requests = receiver.wait_for(6, within=45)
    spacing = [later.at - earlier.at for earlier, later in pairwise(requests)]
    assert all(wait <= gap <= wait + 1 for wait, gap in zip((1, 2, 4, 8, 16), spacing, strict=True)), spacing
    assert len({request.id for request in requests}) == 1
    assert len({request.body for request in requests}) == 1
    eventually(lambda: all_are(Status.FAILED))
    webhook.refresh_from_db()
    assert not webhook.is_active
    assert "500" in webhook.deactivation_reason
    assert len(receiver.received()) == 6


def test_what_was_held_arrives_when_the_webhook_is_active_again(stack, receiver):
    stack.worker()
    stack.beat()
    webhook = make_webhook(url=receiver.url(), is_active=False)
    emit(webhook, 3)
    assert all_are(Status.HELD)
    webhook.activate()
    receiver.wait_for(3)
    eventually(lambda: all_are(Status.SUCCEEDED))


def test_killing_the_worker_in_the_middle_loses_nothing(stack, receiver):
    # Long enough for some to be under way even where a worker is as fast as what emits.
    receiver.answer("/slow", delay=0.3)
    webhook = make_webhook(url=receiver.url("/slow"))
    worker = stack.worker()
    emit(webhook, 500)
    receiver.wait_for(100)
    worker.kill()
    _let_leases_run_out()
    stack.worker()
    stack.beat()
    eventually(lambda: all_are(Status.SUCCEEDED), within=30)
    assert len({request.id for request in receiver.received()}) == 500
    for delivery in Delivery.objects.all():
        assert delivery.attempts.count() == 1


def _let_leases_run_out():
    """Move the leases of a dead worker into the past, as the clock would within LEASE."""
    assert Delivery.objects.filter(status=Status.PENDING, lease__isnull=False).update(next_attempt_at=Now())


def test_a_worker_that_is_asked_to_stop_finishes_what_it_is_sending(stack, receiver):
    receiver.answer("/slow", delay=1)
    worker = stack.worker()
    emit(make_webhook(url=receiver.url("/slow")), 5)
    receiver.wait_for(5)
    worker.stop()
    assert all_are(Status.SUCCEEDED)
    assert Attempt.objects.count() == 5


def test_an_endpoint_that_hangs_delays_nobody_else(stack, receiver):
    receiver.answer("/hang", delay=8)
    stack.worker()
    hanging, healthy = make_webhook(url=receiver.url("/hang")), make_webhook(url=receiver.url("/ok"))
    emit(hanging, 40)
    receiver.wait_for(1, path="/hang")
    emit(healthy, 40)
    receiver.wait_for(40, path="/ok", within=4)
    assert Webhook.objects.get(pk=healthy.pk).is_active
