"""Deliveries, engine: which bytes a delivery carries, and what happens where a template makes none."""

import json
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from deliveries.causes import Cause
from deliveries.engine.claim import LEASE, Claimer
from deliveries.engine.dispatcher import Dispatcher
from deliveries.models import Delivery
from deliveries.sender import Response
from tests.deliveries.engine.test_claim import claim_now
from tests.factories import make_delivery, make_event, make_webhook

pytestmark = pytest.mark.django_db

Status = Delivery.Status

ID_ONLY = '{"id": "{{ data.verificationId }}"}'
UNFIT = '{"bank": "{{ data.metadata.bank }}"}'


def run(*codes, ahead=0):
    """Deliver what is due to an endpoint that answers *codes* in turn; return the bodies it received."""
    answers, bodies = iter(codes), []

    def post(url, headers, body, *, reuse_for=None):
        bodies.append(body.decode())
        return Response(next(answers), "")

    Dispatcher(post=post, clock=lambda: timezone.now() + timedelta(seconds=ahead), in_flight=1).run()
    return bodies


def templated(template=ID_ONLY, **fields):
    webhook = make_webhook(payload_template=template)
    event = make_event(partner=webhook.partner, verification_id="ver_1", is_test=fields.get("is_test", False))
    return make_delivery(webhook=webhook, event=event, **fields)


def edit(delivery, template):
    delivery.webhook.payload_template = template
    delivery.webhook.save()


def owe_again(delivery):
    Delivery.objects.filter(pk=delivery.pk).update(
        status=Status.PENDING, next_attempt_at=timezone.now(), finished_at=None
    )


def test_what_the_template_makes_is_sent():
    delivery = templated()
    assert run(200) == ['{"id":"ver_1"}']
    delivery.refresh_from_db()
    assert (delivery.status, delivery.sent_body) == (Status.SUCCEEDED, '{"id":"ver_1"}')


def test_without_a_template_the_events_own_body_is_sent_and_not_stored_twice():
    delivery = make_delivery()
    assert run(200) == [delivery.event.body]
    delivery.refresh_from_db()
    assert (delivery.body, delivery.sent_body) == ("", delivery.event.body)


def test_a_test_uses_the_template():
    templated(is_test=True)
    assert run(200) == ['{"id":"ver_1"}']


@pytest.mark.parametrize(
    ("before", "after"), [(ID_ONLY, '["new"]'), (ID_ONLY, ""), ("", ID_ONLY), ("", UNFIT)]
)
def test_an_edit_changes_nothing_that_was_attempted(before, after):
    delivery = templated(before)
    [first] = run(503)
    edit(delivery, after)
    assert run(200, ahead=5) == [first]


@pytest.mark.parametrize(("before", "after"), [(ID_ONLY, '["new"]'), (ID_ONLY, ""), ("", ID_ONLY)])
def test_an_edit_changes_nothing_that_a_dead_worker_may_have_sent(before, after):
    delivery = templated(before)
    assert len(claim_now(now=timezone.now()).leased) == 1
    edit(delivery, after)
    expected = '{"id":"ver_1"}' if before else delivery.event.body
    assert run(200, ahead=LEASE.total_seconds() + 1) == [expected]


def test_an_edit_reaches_what_was_not_attempted():
    delivery = templated(ID_ONLY)
    edit(delivery, '["new"]')
    assert run(200) == ['["new"]']


def test_where_the_template_does_not_fit_nothing_is_sent_and_nothing_is_tried_again():
    delivery = templated(UNFIT)
    assert run() == []
    delivery.refresh_from_db()
    assert (delivery.status, delivery.last_cause, delivery.attempt_count) == (
        Status.FAILED,
        Cause.TEMPLATE,
        1,
    )
    attempt = delivery.attempts.get()
    assert attempt.detail.startswith(
        'The payload template does not fit this event. $.bank: no field "metadata"'
    )
    assert (attempt.url, attempt.request_headers, attempt.status_code) == (delivery.webhook.url, {}, None)


def test_a_template_that_does_not_fit_is_a_failure_of_the_partners_and_the_rest_is_held():
    delivery = templated(UNFIT)
    waiting = make_delivery(webhook=delivery.webhook, next_attempt_at=timezone.now() + timedelta(hours=1))
    run()
    delivery.webhook.refresh_from_db()
    waiting.refresh_from_db()
    assert (delivery.webhook.is_active, delivery.webhook.failed_count) == (False, 1)
    assert delivery.webhook.deactivation_reason.startswith("The payload template does not fit")
    assert waiting.status == Status.HELD


def test_a_test_of_a_template_that_does_not_fit_counts_for_nothing():
    delivery = templated(UNFIT, is_test=True)
    run()
    delivery.refresh_from_db()
    delivery.webhook.refresh_from_db()
    assert (delivery.last_cause, delivery.webhook.is_active) == (Cause.TEMPLATE, True)


@pytest.mark.parametrize(("template", "body"), [(ID_ONLY, '{"id":"ver_1"}'), ("", None)])
def test_once_the_template_fits_it_can_be_sent_again(template, body):
    delivery = templated(UNFIT)
    run()
    edit(delivery, template)
    delivery.webhook.activate()
    owe_again(delivery)
    assert run(200) == [body or delivery.event.body]


def test_a_worker_that_dies_over_a_template_that_does_not_fit_has_sent_nothing():
    delivery = templated(UNFIT)
    assert len(claim_now(now=timezone.now()).leased) == 1
    edit(delivery, ID_ONLY)
    assert run(200, ahead=LEASE.total_seconds() + 1) == ['{"id":"ver_1"}']


def test_one_that_cannot_be_rendered_takes_no_other_along(monkeypatch, caplog):
    broken, fine = templated(), make_delivery()
    monkeypatch.setattr("deliveries.engine.bodies.rendered", lambda *_: 1 / 0)
    assert run(200) == [fine.event.body]
    broken.refresh_from_db()
    assert (broken.status, broken.last_cause) == (Status.FAILED, Cause.TEMPLATE)
    assert "could not be rendered" in caplog.text


def test_a_body_is_encrypted_at_rest():
    delivery = templated('{"amount": "5012.55"}')
    run(200)
    [stored] = Delivery.objects.filter(pk=delivery.pk).values_list("body", flat=True)
    assert json.loads(Delivery.objects.get().body) == {"amount": "5012.55"}
    assert "5012" not in stored


def test_templates_cost_one_query_a_batch(django_assert_num_queries):
    webhook = make_webhook(payload_template=ID_ONLY)
    for _ in range(5):
        make_delivery(webhook=webhook)
    claimer = Claimer()
    claimer._configurations.of({webhook.pk: webhook.updated_at})
    with django_assert_num_queries(2 if connection.vendor == "postgresql" else 5) as queries:
        claim_now(claimer=claimer)
    assert sum('SET "body"' in query["sql"] for query in queries) == 1
