"""Endpoints that hang, and names that lie (experiments 10 and 15)."""

import pytest

from deliveries.causes import Cause
from deliveries.models import Attempt, Delivery
from tests.factories import make_webhook
from tests.faults.backend import emit
from tests.waiting import eventually

Status = Delivery.Status

#: What a request may take on a machine of two cores that starts hundreds of threads meanwhile, in ms.
SLACK = 1_500


@pytest.mark.parametrize("count", [100, pytest.param(1_000, marks=pytest.mark.faults)])
def test_10_endpoints_that_hang_harm_nobody_and_are_cut_at_ten_seconds(stack, receiver, count):
    receiver.answer("/hang", delay=15)
    healthy = make_webhook(url=receiver.url("/healthy"))
    hanging = [make_webhook(url=receiver.url("/hang"), partner=healthy.partner) for _ in range(count)]
    stack.worker()
    emit(healthy)
    receiver.wait_for(min(count, 200), path="/hang", within=20)
    for number in range(20):
        emit(make_webhook(url=receiver.url(f"/healthy/{number}")))
        receiver.wait_for(1, path=f"/healthy/{number}", within=1)
    eventually(lambda: Attempt.objects.filter(cause=Cause.TIMEOUT).count() == count, within=60)
    slowest = Attempt.objects.filter(delivery__webhook__in=hanging).latest("duration_ms")
    assert slowest.duration_ms < 10_000 + SLACK
    assert Delivery.objects.filter(status=Status.SUCCEEDED).count() == 21


def test_15_a_silent_name_server_is_cut_within_three_seconds(stack, receiver):
    stack.worker(FAULTS_DNS="silent")
    emit(make_webhook(url="https://silent.example.com/"))
    attempt = eventually(Attempt.objects.first)
    assert attempt is not None
    assert attempt.cause == Cause.DNS
    assert 3_000 <= attempt.duration_ms < 3_000 + SLACK


def test_15_a_name_that_turns_private_is_never_connected_to(stack, receiver):
    port = receiver.url().rpartition(":")[2].rstrip("/")
    worker = stack.worker(FAULTS_DNS="rebinding", WEBHOOKS_ALLOW_LOOPBACK="false")
    stack.beat()
    webhook = make_webhook(url=f"http://rebinding.example.com:{port}/")
    emit(webhook)
    eventually(lambda: Attempt.objects.filter(cause=Cause.FORBIDDEN_ADDRESS).exists(), within=20)
    assert not receiver.received()
    assert not Delivery.objects.filter(status=Status.SUCCEEDED).exists()
    assert worker.running
