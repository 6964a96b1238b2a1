import uuid

import pytest

from deliveries.engine import holding
from deliveries.models import Delivery
from tests.factories import make_delivery, make_event, make_webhook

pytestmark = pytest.mark.django_db

Status = Delivery.Status


def statuses(webhook):
    return list(webhook.deliveries.order_by("pk").values_list("status", flat=True))


def test_deactivating_holds_what_is_pending():
    webhook = make_webhook()
    for status in (Status.PENDING, Status.SUCCEEDED, Status.FAILED):
        make_delivery(webhook=webhook, status=status)
    other = make_delivery()
    webhook.deactivate()
    assert statuses(webhook) == [Status.HELD, Status.SUCCEEDED, Status.FAILED]
    assert statuses(other.webhook) == [Status.PENDING]


def test_deactivating_leaves_tests_alone():
    webhook = make_webhook()
    make_delivery(webhook=webhook, event=make_event(partner=webhook.partner, is_test=True))
    webhook.deactivate()
    assert statuses(webhook) == [Status.PENDING]


def test_activating_owes_what_was_held_afresh_and_wakes_the_engine(
    django_capture_on_commit_callbacks, monkeypatch
):
    wakes = []
    monkeypatch.setattr("deliveries.wake.send", lambda: wakes.append(True))
    webhook = make_webhook(is_active=False)
    delivery = make_delivery(webhook=webhook, status=Status.HELD, attempt_count=3)
    with django_capture_on_commit_callbacks(execute=True):
        webhook.activate()
    delivery.refresh_from_db()
    assert (delivery.status, delivery.round_start) == (Status.PENDING, 3)
    assert delivery.next_attempt_at is not None
    assert wakes == [True]


def test_deleting_cancels_what_is_owed_but_lets_what_is_under_way_end():
    webhook = make_webhook()
    make_delivery(webhook=webhook)
    make_delivery(webhook=webhook, status=Status.HELD)
    make_delivery(webhook=webhook, lease=uuid.uuid4())
    webhook.delete_softly()
    assert statuses(webhook) == [Status.CANCELED, Status.CANCELED, Status.PENDING]


def test_stragglers_of_active_webhooks_are_released():
    active, inactive = make_webhook(), make_webhook(is_active=False)
    for webhook in (active, inactive):
        make_delivery(webhook=webhook, status=Status.HELD)
    assert holding.release_stragglers() == 1
    assert statuses(active) == [Status.PENDING]
    assert statuses(inactive) == [Status.HELD]
