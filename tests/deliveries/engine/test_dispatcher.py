import threading
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import gevent.event
import pytest
from django.db import OperationalError
from django.utils import timezone

from deliveries.causes import Cause
from deliveries.engine import dispatcher as module
from deliveries.engine.claim import Claim
from deliveries.engine.dispatcher import Dispatcher
from deliveries.engine.record import Outcome
from deliveries.engine.shares import Shares
from deliveries.models import Attempt, Delivery
from deliveries.sender import Response, SendError
from tests.factories import make_attempt, make_delivery, make_webhook

pytestmark = pytest.mark.django_db

Status = Delivery.Status

#: Far longer than any of these tests takes; only a hanging one ever waits so long.
PATIENCE = 10


OK = Response(200, "{}")


class Endpoint:
    """Answer every request alike, and remember them."""

    def __init__(self, answer=OK):
        self.answer = answer
        self.requests = []

    def __call__(self, url, headers, body, **_):
        self.requests.append((url, headers, body))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def run(post, *, ahead=0, **options):
    """Run a dispatcher whose clock is *ahead* seconds ahead."""
    dispatcher = Dispatcher(
        post=post, clock=lambda: timezone.now() + timedelta(seconds=ahead), in_flight=8, **options
    )
    dispatcher.run()
    return dispatcher


def test_what_is_due_is_sent_signed_and_recorded():
    endpoint, delivery = Endpoint(), make_delivery(webhook=make_webhook(headers={"X-Key": "k1"}))
    run(endpoint)
    [(url, headers, body)] = endpoint.requests
    assert (url, body) == (delivery.webhook.url, delivery.event.body.encode())
    assert headers["webhook-id"] == delivery.public_id
    assert headers["X-Key"] == "k1"
    assert {"x-webhook-signature", "webhook-signature", "webhook-timestamp"} < headers.keys()
    delivery.refresh_from_db()
    assert delivery.status == Status.SUCCEEDED


def test_the_logged_headers_hide_the_partners_own_values():
    make_delivery(webhook=make_webhook(headers={"Authorization": "Bearer s3cret"}))
    run(Endpoint())
    logged = Attempt.objects.get().request_headers
    assert logged["Authorization"] == "••••••••"
    assert "s3cret" not in str(logged)


def test_an_endpoint_that_fails_for_ever_gets_six_requests_with_one_id_and_one_body():
    endpoint, delivery = Endpoint(Response(500, "")), make_delivery()
    for ahead in range(0, 60, 2):
        run(endpoint, ahead=ahead)
    assert len(endpoint.requests) == 6
    assert {headers["webhook-id"] for _, headers, _ in endpoint.requests} == {delivery.public_id}
    assert len({body for _, _, body in endpoint.requests}) == 1
    delivery.refresh_from_db()
    delivery.webhook.refresh_from_db()
    assert (delivery.status, delivery.webhook.is_active) == (Status.FAILED, False)


def test_a_redirect_says_where_it_points_to():
    make_delivery()
    run(Endpoint(Response(301, "", location="https://www.northwind.com/in")))
    assert (
        Attempt.objects.get().detail
        == "Your server answered 301 and pointed to https://www.northwind.com/in."
    )


@pytest.mark.parametrize(
    ("answer", "status_code", "cause"),
    [
        (Response(204, ""), 204, ""),
        (Response(302, ""), 302, Cause.REDIRECT),
        (Response(404, "no"), 404, Cause.STATUS),
        (SendError(Cause.TLS, "The certificate expired."), None, Cause.TLS),
        (ZeroDivisionError("secret"), None, Cause.INTERNAL),
    ],
)
def test_every_attempt_names_its_cause(answer, status_code, cause):
    make_delivery()
    run(Endpoint(answer))
    attempt = Attempt.objects.get()
    assert (attempt.status_code, attempt.cause) == (status_code, cause)
    assert bool(attempt.detail) == bool(cause)
    assert "secret" not in attempt.detail


def test_a_delivery_that_cannot_be_rendered_fails_alone(monkeypatch):
    poisoned, fine = make_delivery(), make_delivery()
    monkeypatch.setattr(module, "render", _refusing(poisoned, module.render))
    run(Endpoint())
    poisoned.refresh_from_db()
    fine.refresh_from_db()
    assert (poisoned.status, poisoned.last_cause) == (Status.PENDING, Cause.INTERNAL)
    assert fine.status == Status.SUCCEEDED


def _refusing(poisoned, render):
    def refuse(delivery, **kwargs):
        if delivery.pk == poisoned.pk:
            raise ValueError("poison")
        return render(delivery, **kwargs)

    return refuse


def test_more_than_one_batch_is_delivered_in_one_run(monkeypatch):
    monkeypatch.setattr(module, "BATCH", 3)
    webhook = make_webhook()
    for _ in range(20):
        make_delivery(webhook=webhook)
    run(Endpoint(), shares=Shares(places=8, quick=2, slow=2))
    assert Delivery.objects.filter(status=Status.SUCCEEDED).count() == 20


def test_a_webhook_never_has_more_under_way_than_its_share():
    webhook = make_webhook()
    for _ in range(6):
        make_delivery(webhook=webhook)
    gate, counts = threading.Semaphore(2), []

    def post(url, headers, body, **_):
        counts.append(gate.acquire(blocking=False))
        gate.release()
        return Response(200, "")

    run(post, shares=Shares(places=8, quick=2, slow=2))
    assert counts == [True] * 6


def test_a_hanging_endpoint_delays_nobody_else():
    slow, quick = (
        make_webhook(url="https://slow.example.org/"),
        make_webhook(url="https://quick.example.org/"),
    )
    make_delivery(webhook=slow)
    for _ in range(5):
        make_delivery(webhook=quick)
    answered, release = [], gevent.event.Event()

    def post(url, headers, body, **_):
        if url == slow.url:
            assert release.wait(PATIENCE)
        answered.append(url)
        if answered.count(quick.url) == 5:
            release.set()
        return Response(200, "")

    run(post, shares=Shares(places=8, quick=1, slow=1))
    assert answered == [quick.url] * 5 + [slow.url]


def test_outcomes_survive_a_database_that_goes_away(monkeypatch):
    monkeypatch.setattr(module, "DATABASE_PAUSE", 0)
    monkeypatch.setattr(module.connection, "close", lambda: None)
    failures = iter([OperationalError("the server closed the connection")])
    real = module.record

    def record(*args, **kwargs):
        if failure := next(failures, None):
            raise failure
        return real(*args, **kwargs)

    monkeypatch.setattr(module, "record", record)
    delivery, endpoint = make_delivery(), Endpoint()
    run(endpoint)
    delivery.refresh_from_db()
    assert delivery.status == Status.SUCCEEDED
    assert len(endpoint.requests) == 1


def test_a_stopped_dispatcher_claims_nothing():
    delivery, endpoint = make_delivery(), Endpoint()
    dispatcher = Dispatcher(post=endpoint, clock=timezone.now, in_flight=1)
    dispatcher.stop()
    dispatcher.run()
    delivery.refresh_from_db()
    assert (endpoint.requests, delivery.lease) == ([], None)


def test_a_second_thread_leaves_the_work_to_the_first(monkeypatch):
    make_delivery()
    dispatcher = Dispatcher(post=lambda *_, **__: second_run(), clock=timezone.now, in_flight=1)
    done = []

    def second_run():
        # On this thread the database is out of reach: it must return without touching it.
        dispatcher.run()
        done.append(True)
        return Response(200, "")

    dispatcher.run()
    assert done == [True]
    assert Delivery.objects.get().status == Status.SUCCEEDED


def test_what_comes_while_outcomes_are_written_is_claimed_beside(monkeypatch):
    make_delivery()
    dispatcher = Dispatcher(post=Endpoint(), clock=timezone.now, in_flight=8)
    claim, real, beside = dispatcher._claimer.claim, module.record, []

    def claimed(**kwargs):
        if threading.current_thread().name != "helper":
            return claim(**kwargs)
        beside.append((kwargs["limit"], kwargs["only_fresh"]))
        return Claim([], found=0, more=False)

    def record(*args, **kwargs):
        helper = threading.Thread(target=dispatcher.run, name="helper")
        helper.start()
        helper.join(PATIENCE)
        return real(*args, **kwargs)

    monkeypatch.setattr(dispatcher._claimer, "claim", claimed)
    monkeypatch.setattr(module, "record", record)
    dispatcher.run()
    assert beside
    assert all(limit <= module.FEW and only_fresh for limit, only_fresh in beside)
    assert Delivery.objects.get().status == Status.SUCCEEDED


def test_what_comes_while_the_working_thread_looks_through_all_that_is_due_does_not_wait_for_it(monkeypatch):
    dispatcher, beside = Dispatcher(post=Endpoint(), clock=timezone.now, in_flight=8), []

    def claim(*, only_fresh, **_):
        if not only_fresh:
            helper = threading.Thread(target=dispatcher.run)
            helper.start()
            helper.join(PATIENCE)
            assert not helper.is_alive()
        beside.append(only_fresh)
        return Claim([], found=0, more=False)

    monkeypatch.setattr(dispatcher._claimer, "claim", claim)
    dispatcher.run()
    assert beside[:2] == [True, False]


def test_what_was_claimed_beside_is_recorded_though_the_working_thread_ended_meanwhile(monkeypatch):
    dispatcher = Dispatcher(post=Endpoint(), clock=timezone.now, in_flight=8)
    delivery: Any = SimpleNamespace(webhook_id=1)
    recorded = []

    def claim(**_):
        dispatcher._charge.release()  # as the working thread does at its end
        dispatcher._shares.take([delivery.webhook_id])
        return Claim([delivery], found=1, more=False)

    monkeypatch.setattr(dispatcher._claimer, "claim", claim)
    monkeypatch.setattr(module, "attempt", lambda given, **_: Outcome(delivery=given, started=0, ended=0))
    monkeypatch.setattr(module, "record", lambda outcomes, **_: recorded.extend(outcomes))
    dispatcher._charge.acquire()
    dispatcher.run()
    assert [outcome.delivery for outcome in recorded] == [delivery]


def test_requests_are_signed_at_the_databases_time():
    endpoint = Endpoint()
    make_delivery()
    run(endpoint, ahead=3600)
    [(_, headers, _)] = endpoint.requests
    assert int(headers["webhook-timestamp"]) == pytest.approx(timezone.now().timestamp() + 3600, abs=5)


def test_an_outcome_that_cannot_be_written_takes_no_other_along():
    unwritable, fine = make_delivery(), make_delivery()
    make_attempt(delivery=unwritable)
    run(Endpoint())
    unwritable.refresh_from_db()
    fine.refresh_from_db()
    assert (unwritable.status, fine.status) == (Status.PENDING, Status.SUCCEEDED)


@pytest.mark.postgres  # SQLite stores any text
def test_an_outcome_with_unwritable_texts_is_recorded_without_them():
    poisoned, fine = make_delivery(), make_delivery()

    def post(url, headers, body, **_):
        if url == poisoned.webhook.url:
            raise SendError(Cause.TLS, "The certificate is for \0.")
        return OK

    run(post)
    poisoned.refresh_from_db()
    fine.refresh_from_db()
    assert (poisoned.last_cause, poisoned.attempt_count, fine.status) == (Cause.TLS, 1, Status.SUCCEEDED)
    assert "\0" not in poisoned.attempts.get().detail


def test_a_full_webhook_is_not_claimed_for_again_and_again_while_its_endpoint_hangs(monkeypatch):
    webhook = make_webhook()
    for _ in range(3):
        make_delivery(webhook=webhook)
    gate, claims = threading.Event(), []

    def post(*_, **__):
        assert gate.wait(PATIENCE)
        return OK

    dispatcher = Dispatcher(post=post, clock=timezone.now, shares=Shares(places=8, quick=1, slow=1))
    claim, waits = dispatcher._claimer.claim, dispatcher._wait_for_news

    def counted(**kwargs):
        claims.append(kwargs)
        return claim(**kwargs)

    def open_when_idle():
        if len(claims) > 1 and not dispatcher._more_due.is_set():
            gate.set()
        return waits()

    monkeypatch.setattr(dispatcher._claimer, "claim", counted)
    monkeypatch.setattr(dispatcher, "_wait_for_news", open_when_idle)
    dispatcher.run()
    assert Delivery.objects.filter(status=Status.SUCCEEDED).count() == 3
    assert len(claims) <= 8


def test_a_partner_that_is_held_back_is_looked_at_again_though_nothing_is_under_way(monkeypatch):
    delivery, dispatcher = make_delivery(), Dispatcher(post=Endpoint(), clock=timezone.now, in_flight=8)
    claim, held_back = dispatcher._claimer.claim, iter([Claim([], found=0, more=True, waits=True)] * 2)
    monkeypatch.setattr(dispatcher._claimer, "claim", lambda **kw: next(held_back, None) or claim(**kw))
    dispatcher.run()
    delivery.refresh_from_db()
    assert delivery.status == Status.SUCCEEDED


def test_after_a_claim_that_held_somebody_back_the_process_has_its_rest(monkeypatch):
    dispatcher, steps = Dispatcher(post=Endpoint(), clock=timezone.now, in_flight=8), []
    held_back = iter([Claim([], found=0, more=True, waits=True)])

    class Duty:
        looks = 0

        def begin(self):
            steps.append("begins")

        @property
        def has_rested(self):
            self.looks += 1
            return not steps or self.looks > 4

    def claim(**_):
        steps.append(f"claims at look {duty.looks}")
        return next(held_back, Claim([], found=0, more=False))

    duty = Duty()
    monkeypatch.setattr(dispatcher, "_duty", duty)
    monkeypatch.setattr(dispatcher._claimer, "claim", claim)
    dispatcher.run()
    assert steps == ["claims at look 1", "begins", "claims at look 5"]


def test_what_waits_for_an_endpoint_that_turns_out_to_be_quick_is_preferred(monkeypatch):
    delivery, dispatcher = make_delivery(), Dispatcher(post=Endpoint(), clock=timezone.now, in_flight=8)
    preferred: list[int] = []
    monkeypatch.setattr(dispatcher._sending, "prefer", preferred.append)
    dispatcher.run()
    assert preferred == [delivery.webhook_id]


def test_the_working_thread_hears_of_what_was_left_by_one_that_claimed_beside(monkeypatch):
    dispatcher = Dispatcher(post=Endpoint(), clock=timezone.now, in_flight=8)
    left = Claim([], found=0, more=True, waits=True)
    monkeypatch.setattr(dispatcher._claimer, "claim", lambda **_: left)
    dispatcher._more_due.set()
    dispatcher._help()
    assert dispatcher._inbox.get(timeout=PATIENCE) is None
