import re

import pytest
from django.db import connection, transaction

from deliveries import events
from deliveries.events import Verification
from deliveries.models import Delivery, Event
from tests.factories import make_partner, make_webhook
from webhooks.event_types import EventType

pytestmark = pytest.mark.django_db

Status = Delivery.Status


@pytest.fixture
def wakes(monkeypatch):
    sent = []
    monkeypatch.setattr("deliveries.wake.send", lambda: sent.append(True))
    return sent


def record(partner, *, event_type=EventType.COMPLETED, idempotency_key=None, **fields):
    verification = Verification(**{"verification_id": "ver_1", "session_id": 7, **fields})
    return events.record(
        partner=partner, event_type=event_type, verification=verification, idempotency_key=idempotency_key
    )


def test_an_event_is_owed_to_every_webhook_of_its_partner():
    partner = make_partner()
    webhooks = [make_webhook(partner=partner) for _ in range(2)]
    make_webhook()
    event = record(partner)
    deliveries = event.deliveries.order_by("pk")
    assert [delivery.webhook for delivery in deliveries] == webhooks
    assert {delivery.status for delivery in deliveries} == {Status.PENDING}
    assert all(delivery.next_attempt_at for delivery in Delivery.objects.all())


def test_an_event_nobody_subscribed_to_is_recorded_all_the_same():
    event = record(make_partner())
    assert Event.objects.get() == event
    assert not event.deliveries.exists()


@pytest.mark.parametrize(
    ("event_types", "owed"),
    [([], 1), (["verification.completed"], 1), (["verification.failed", "verification.expired"], 0)],
)
def test_a_webhook_receives_the_types_it_subscribed_to(event_types, owed):
    webhook = make_webhook(event_types=event_types)
    assert record(webhook.partner).deliveries.count() == owed


def test_what_an_inactive_webhook_is_owed_is_held():
    webhook = make_webhook(is_active=False)
    record(webhook.partner)
    assert webhook.deliveries.get().status == Status.HELD


def test_a_deleted_webhook_is_owed_nothing():
    webhook = make_webhook()
    webhook.delete_softly()
    assert not record(webhook.partner).deliveries.exists()


def test_a_repeated_idempotency_key_records_once():
    webhook = make_webhook()
    first = record(webhook.partner, idempotency_key="k1")
    again = record(webhook.partner, idempotency_key="k1", verification_id="ver_2")
    assert first == again
    assert (Event.objects.count(), Delivery.objects.count()) == (1, 1)


def test_two_partners_may_use_the_same_idempotency_key():
    assert record(make_partner(), idempotency_key="k1") != record(make_partner(), idempotency_key="k1")


def test_events_without_a_key_are_never_taken_for_each_other():
    partner = make_partner()
    assert record(partner) != record(partner)


@pytest.mark.parametrize("bad", [float("nan"), 2**53, {1: "x"}, object()])
def test_what_json_cannot_carry_is_refused_with_its_path_and_records_nothing(bad):
    partner = make_webhook().partner
    with pytest.raises(ValueError, match=r"^\$\.data\.proofData\.income"):
        record(partner, proof_data={"income": bad})
    assert not Event.objects.exists()
    assert not Delivery.objects.exists()


def test_an_event_in_a_transaction_that_is_rolled_back_never_happened(wakes):
    partner = make_webhook().partner
    with pytest.raises(RuntimeError), transaction.atomic():
        record(partner)
        raise RuntimeError
    assert not Event.objects.exists()
    assert wakes == []


def test_the_engine_is_woken_on_commit(wakes, django_capture_on_commit_callbacks):
    partner = make_webhook().partner
    with django_capture_on_commit_callbacks(execute=True):
        record(partner)
        assert wakes == []
    assert wakes == [True]


def test_nobody_is_woken_for_nothing(wakes, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        record(make_webhook(is_active=False).partner)
    assert wakes == []


@pytest.mark.parametrize("count", [1, 30])
def test_recording_costs_the_same_queries_whatever_the_number_of_webhooks(django_assert_num_queries, count):
    partner = make_partner()
    for _ in range(count):
        make_webhook(partner=partner)
    # SQLite takes a statement a table, and a savepoint around them.
    with django_assert_num_queries(1 if connection.vendor == "postgresql" else 4):
        record(partner)


def test_a_delivery_s_id_is_a_ulid_of_its_own():
    partner = make_partner()
    for _ in range(3):
        make_webhook(partner=partner)
    ids = list(record(partner).deliveries.values_list("public_id", flat=True))
    assert len(set(ids)) == 3
    assert all(re.fullmatch("msg_[0-9A-HJKMNP-TV-Z]{26}", each) for each in ids)


def test_a_test_is_owed_to_its_webhook_alone_and_marked(wakes, django_capture_on_commit_callbacks):
    webhook = make_webhook()
    make_webhook(partner=webhook.partner)
    with django_capture_on_commit_callbacks(execute=True):
        delivery = events.record_test(webhook=webhook)
    assert (delivery.webhook, delivery.is_test, delivery.event.is_test) == (webhook, True, True)
    assert delivery.event.type == EventType.COMPLETED
    assert Delivery.objects.count() == 1
    assert wakes == [True]


def test_a_test_is_sent_although_its_webhook_is_inactive_or_wants_other_types():
    webhook = make_webhook(is_active=False, event_types=[EventType.FAILED])
    delivery = events.record_test(webhook=webhook, event_type=EventType.EXPIRED)
    assert (delivery.status, delivery.event.type) == (Status.PENDING, EventType.EXPIRED)


def test_two_tests_are_two_verifications():
    webhook = make_webhook()
    first, second = (events.record_test(webhook=webhook).event for _ in range(2))
    assert first.verification_id != second.verification_id
