import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from deliveries.causes import Cause
from deliveries.engine.claim import LEASE, Claimer
from deliveries.engine.losses import MAX_LOST_LEASES, SUSPECT
from deliveries.engine.shares import Shares
from deliveries.models import Delivery
from tests.factories import make_delivery, make_webhook

pytestmark = pytest.mark.django_db

#: Later than this run may last: what the factories make is due by then.
NOW = timezone.now() + timedelta(hours=1)
Status = Delivery.Status


def claim(now=NOW):
    return Claimer().claim(now=now, limit=100, shares=Shares(places=1000, slow=100)).leased


def lost(**fields):
    """Make a delivery whose worker has just died once more."""
    return make_delivery(lease=uuid.uuid4(), **fields)


def test_a_lease_that_ran_out_is_counted():
    make_delivery()
    for number in range(2):
        claim(now=NOW + number * LEASE)
    assert Delivery.objects.get().lost_leases == 1


def test_a_retry_after_an_answer_is_no_loss():
    make_delivery(attempt_count=2)
    claim()
    assert Delivery.objects.get().lost_leases == 0


def test_the_last_loss_fails_the_delivery_in_plain_words_and_blames_nobody_else():
    delivery = lost(lost_leases=MAX_LOST_LEASES - 1, attempt_count=2)
    assert claim() == []
    delivery.refresh_from_db()
    assert (delivery.status, delivery.lease, delivery.attempt_count) == (Status.FAILED, None, 3)
    assert (delivery.last_cause, delivery.finished_at) == (Cause.INTERNAL, NOW)
    attempt = delivery.attempts.get()
    assert (attempt.number, attempt.cause) == (3, Cause.INTERNAL)
    assert "fault is ours" in attempt.detail
    assert delivery.webhook.is_active


def test_what_is_resent_after_that_is_tried_once_more():
    delivery = make_delivery(lost_leases=MAX_LOST_LEASES)
    [leased] = claim()
    assert leased.pk == delivery.pk


def test_suspects_are_sent_one_at_a_time_and_nobody_else_waits():
    webhook = make_webhook()
    suspects = {lost(webhook=webhook, lost_leases=SUSPECT).pk for _ in range(5)}
    innocent = {make_delivery(webhook=webhook).pk for _ in range(3)}
    leased = {delivery.pk for delivery in claim()}
    assert len(leased & suspects) == 1
    assert leased - suspects == innocent
    later = [claim(now=NOW + timedelta(seconds=0.5 * number)) for number in range(1, 5)]
    assert [len(each) for each in later] == [1, 1, 1, 1]
    assert {each.pk for claimed in later for each in claimed} == suspects - leased
