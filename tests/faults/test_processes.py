"""Workers that are killed, stopped, replaced or wrong about the time (experiments 1, 2, 3, 9, 11 to 14)."""

from functools import partial
from itertools import pairwise

import pytest

from deliveries.causes import Cause
from deliveries.models import Attempt, Delivery
from tests.factories import make_webhook
from tests.faults.backend import emit
from tests.faults.oracle import judge
from tests.waiting import eventually

Status = Delivery.Status


def test_1_a_worker_killed_in_mid_post_is_replaced_within_lease_and_sweep(stack, receiver):
    receiver.answer("/slow", delay=8, times=5)
    stack.beat()
    worker = stack.worker(FAULTS_LEASE="3")
    emit(make_webhook(url=receiver.url("/slow")), 5)
    first = receiver.wait_for(5)
    worker.kill()
    stack.worker()
    again = receiver.wait_for(10)[5:]
    assert {request.id for request in again} == {request.id for request in first}
    # the lease, the sweep's half second, and what this machine takes to schedule it
    assert again[-1].at - first[0].at < 3 + 0.5 + 1.5
    verdict = judge(receiver)
    assert (verdict.all_delivered, verdict.duplicates) == (True, 5)


def test_2_death_between_the_answer_and_its_record_costs_exactly_one_duplicate(stack, receiver):
    emit(make_webhook(url=receiver.url()))
    doomed = stack.worker(FAULTS_LEASE="1", FAULTS_DIE="before_record")
    stack.beat()
    doomed.wait_to_die()
    assert Attempt.objects.count() == 0
    stack.worker()
    verdict = judge(receiver)
    assert (verdict.all_delivered, verdict.duplicates) == (True, 1)
    assert len({(request.id, request.body) for request in receiver.received()}) == 1


def test_3_death_after_the_commit_and_before_the_wake_is_what_the_sweep_is_for(stack, receiver):
    webhook = make_webhook(url=receiver.url())
    stack.worker()
    stack.backend(webhook.partner.slug, FAULTS_DIE="before_wake").wait_to_die()
    assert Delivery.objects.get().status == Status.PENDING
    assert not receiver.received()
    stack.beat()
    verdict = judge(receiver)
    assert (verdict.all_delivered, verdict.duplicates) == (True, 0)


def test_9_what_kills_its_sender_fails_alone_after_five_deaths(stack, receiver):
    webhook = make_webhook(url=receiver.url())
    emit(webhook, text="poison")
    emit(webhook, 20)
    stack.beat()
    deaths = _run_workers_that_die(stack)
    assert deaths == 5
    verdict = judge(receiver)
    assert verdict.statuses == {Status.SUCCEEDED: 20, Status.FAILED: 1}
    failed = Delivery.objects.get(status=Status.FAILED)
    assert failed.last_cause == Cause.INTERNAL
    webhook.refresh_from_db()
    assert webhook.is_active, "it was no fault of the endpoint's"


def _run_workers_that_die(stack) -> int:
    """Start a worker whenever there is none, until nothing is owed; return how many died."""
    deaths = 0
    while not _nothing_owed():
        worker = stack.doomed_worker(FAULTS_LEASE="1", FAULTS_DIE="at_poison")
        eventually(partial(_is_over, worker), within=20)
        deaths += not worker.running
        worker.ended_by_us = True
    return deaths


def _is_over(worker) -> bool:
    return not worker.running or _nothing_owed()


def _nothing_owed() -> bool:
    return not Delivery.objects.filter(status=Status.PENDING).exists()


@pytest.mark.parametrize(
    ("process", "hours"),
    [
        ("worker", 1),
        ("beat", -1),
        ("backend", 1),
        pytest.param("worker", -1, marks=pytest.mark.faults),
        pytest.param("beat", 1, marks=pytest.mark.faults),
        pytest.param("backend", -1, marks=pytest.mark.faults),
    ],
)
def test_11_a_wrong_clock_neither_hastens_nor_loses_a_retry(stack, receiver, process, hours):
    receiver.answer("/flaky", status=500, times=2)
    ahead = {"FAULTS_CLOCK": str(hours * 3600)}
    webhook = make_webhook(url=receiver.url("/flaky"))
    stack.worker(**(ahead if process == "worker" else {}))
    stack.beat(**(ahead if process == "beat" else {}))
    stack.backend(webhook.partner.slug, **(ahead if process == "backend" else {})).wait_to_die()
    requests = receiver.wait_for(3, within=20)
    spacing = [later.at - earlier.at for earlier, later in pairwise(requests)]
    assert all(wait <= gap <= wait + 1.5 for wait, gap in zip((1, 2), spacing, strict=True)), spacing
    verdict = judge(receiver)
    assert (verdict.all_delivered, verdict.duplicates) == (True, 0)


def test_11_a_workers_wrong_clock_is_not_in_the_signature(stack, receiver):
    stack.worker(FAULTS_CLOCK="3600")
    emit(make_webhook(url=receiver.url()))
    [request] = receiver.wait_for(1)
    event = Delivery.objects.get()
    assert abs(int(request.headers["webhook-timestamp"]) - event.created_at.timestamp()) < 10


def test_12_two_workers_never_send_the_same_row(stack, receiver):
    webhooks = [make_webhook(url=receiver.url(f"/{number}")) for number in range(10)]
    for webhook in webhooks:
        emit(webhook, 30)
    for _ in range(2):
        stack.worker()
    stack.beat()
    verdict = judge(receiver)
    assert (verdict.all_delivered, verdict.duplicates) == (True, 0)
    assert len(receiver.received()) == 300


def test_13_a_rolling_deploy_under_load_loses_and_repeats_nothing(stack, receiver):
    receiver.answer("/slow", delay=0.1)
    webhook = make_webhook(url=receiver.url("/slow"))
    stack.beat()
    old = [stack.worker(), stack.worker()]
    for worker in old:
        emit(webhook, 100)
        stack.worker()
        worker.stop()
    verdict = judge(receiver)
    assert (verdict.all_delivered, verdict.duplicates) == (True, 0)


@pytest.mark.faults
def test_13_a_worker_that_is_asked_to_stop_waits_for_an_endpoint_that_takes_nine_seconds(stack, receiver):
    receiver.answer("/slow", delay=9)
    worker = stack.worker()
    emit(make_webhook(url=receiver.url("/slow")), 5)
    receiver.wait_for(5)
    worker.stop()
    verdict = judge(receiver, within=0)
    assert (verdict.all_delivered, verdict.duplicates) == (True, 0)


def test_14_what_a_worker_says_after_its_lease_has_run_out_is_discarded(stack, receiver):
    receiver.answer("/hook", delay=1, times=1, status=500)
    stopped = stack.worker(FAULTS_LEASE="2")
    emit(make_webhook(url=receiver.url("/hook")))
    receiver.wait_for(1)
    stopped.pause()
    stack.worker()
    stack.beat()
    eventually(lambda: Delivery.objects.get().status == Status.SUCCEEDED)
    stopped.resume()
    stopped.stop()
    verdict = judge(receiver)
    assert (verdict.all_delivered, verdict.duplicates) == (True, 1)
    assert Attempt.objects.get().status_code == 200
