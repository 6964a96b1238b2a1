from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from deliveries.engine import losses
from deliveries.engine.claim import LEASE, Claimer
from deliveries.engine.pace import Pace
from deliveries.engine.shares import Shares
from deliveries.models import Delivery
from tests.factories import make_delivery, make_event, make_webhook
from webhooks.models import Webhook, WebhookHeader

pytestmark = pytest.mark.django_db

#: Later than this run may last: what the factories make is due by then.
NOW = timezone.now() + timedelta(hours=1)


def claim_now(*, limit=100, under_way=(), share=100, now=NOW, claimer=None, only_fresh=False):
    shares = Shares(places=1000, quick=share, slow=share)
    shares.take(under_way)
    return (claimer or Claimer()).claim(now=now, limit=limit, shares=shares, only_fresh=only_fresh)


def leasing():
    """One statement; on SQLite savepoint, due with events, lease, release, bodies."""
    return 1 if connection.vendor == "postgresql" else 5


def keys(claimed):
    return [delivery.pk for delivery in claimed.leased]


def test_what_is_due_is_leased():
    delivery = make_delivery()
    assert keys(claim_now()) == [delivery.pk]
    delivery.refresh_from_db()
    assert delivery.lease is not None
    assert delivery.next_attempt_at == NOW + LEASE


def test_what_is_leased_is_not_claimed_again():
    make_delivery()
    claim_now()
    assert claim_now().leased == []


def test_a_lease_that_ran_out_is_claimed_under_another_name():
    make_delivery()
    [first] = claim_now().leased
    [second] = claim_now(now=NOW + LEASE).leased
    assert first.pk == second.pk
    assert first.lease != second.lease


def test_what_is_not_due_yet_waits():
    make_delivery(next_attempt_at=NOW + timedelta(milliseconds=1))
    assert claim_now().leased == []


@pytest.mark.parametrize("status", ["succeeded", "failed", "held", "canceled"])
def test_only_pending_deliveries_are_claimed(status):
    make_delivery(status=status)
    assert claim_now().leased == []


def test_the_oldest_come_first():
    late = make_delivery(next_attempt_at=NOW - timedelta(seconds=1))
    early = make_delivery(next_attempt_at=NOW - timedelta(seconds=9))
    claimed = claim_now(limit=1)
    assert keys(claimed) == [early.pk]
    assert claimed.more
    assert keys(claim_now(limit=1)) == [late.pk]


def test_a_webhook_gets_no_more_than_its_share():
    busy, other = make_webhook(), make_webhook()
    for _ in range(3):
        make_delivery(webhook=busy)
    make_delivery(webhook=other)
    claimed = claim_now(share=2)
    assert Counter(delivery.webhook_id for delivery in claimed.leased) == {busy.pk: 2, other.pk: 1}
    assert claimed.more


def test_what_its_webhook_has_no_room_for_stays_due_as_it_was():
    webhook = make_webhook()
    first, second = (
        make_delivery(webhook=webhook, next_attempt_at=NOW - timedelta(seconds=s)) for s in (9, 1)
    )
    assert keys(claim_now(share=1)) == [first.pk]
    second.refresh_from_db()
    assert (second.lease, second.next_attempt_at) == (None, NOW - timedelta(seconds=1))
    assert keys(claim_now(share=1)) == [second.pk]


def test_what_is_under_way_counts_towards_the_share():
    webhook = make_webhook()
    make_delivery(webhook=webhook)
    make_delivery(webhook=webhook)
    assert len(claim_now(share=2, under_way=[webhook.pk]).leased) == 1


def test_a_full_webhook_does_not_hide_what_others_are_owed():
    full, other = make_webhook(), make_webhook()
    for _ in range(3):
        make_delivery(webhook=full, next_attempt_at=NOW - timedelta(hours=1))
    owed = make_delivery(webhook=other)
    claimed = claim_now(limit=2, share=1, under_way=[full.pk])
    assert keys(claimed) == [owed.pk]
    assert claimed.more, "the full webhook may be owed more"


def test_what_an_inactive_webhook_is_owed_is_held():
    delivery = make_delivery(webhook=make_webhook(is_active=False))
    claimed = claim_now()
    assert (claimed.leased, claimed.found) == ([], 1)
    delivery.refresh_from_db()
    assert (delivery.status, delivery.next_attempt_at) == (Delivery.Status.HELD, None)


def test_a_test_goes_to_an_inactive_webhook_too():
    webhook = make_webhook(is_active=False)
    delivery = make_delivery(webhook=webhook, event=make_event(partner=webhook.partner, is_test=True))
    assert keys(claim_now()) == [delivery.pk]


def test_what_a_deleted_webhook_was_owed_is_canceled():
    delivery = make_delivery(webhook=make_webhook(is_active=False, deleted_at=NOW))
    assert claim_now().leased == []
    delivery.refresh_from_db()
    assert (delivery.status, delivery.finished_at) == (Delivery.Status.CANCELED, NOW)


def test_a_claimed_delivery_is_rendered_without_the_database(django_assert_num_queries):
    make_delivery(webhook=make_webhook(headers={"X-Key": "1"}))
    [delivery] = claim_now().leased
    with django_assert_num_queries(0):
        assert delivery.event.body
        assert delivery.webhook.secret
        assert delivery.webhook.own_headers == {"X-Key": "1"}


@pytest.mark.parametrize("count", [1, 20])
def test_a_claim_costs_the_same_queries_whatever_it_finds(django_assert_num_queries, count):
    for _ in range(count):
        make_delivery()
    # webhooks and headers
    with django_assert_num_queries(leasing() + 2):
        claim_now()


def test_webhooks_are_read_once_while_they_do_not_change(django_assert_num_queries):
    webhook, claimer = make_webhook(), Claimer()
    make_delivery(webhook=webhook)
    claim_now(claimer=claimer)
    make_delivery(webhook=webhook)
    with django_assert_num_queries(leasing()):
        claim_now(claimer=claimer)


@pytest.mark.parametrize(
    "change",
    [
        lambda webhook: Webhook.objects.filter(pk=webhook.pk).update(url="https://new.example.org/"),
        lambda webhook: webhook.headers.get().delete(),
        lambda webhook: WebhookHeader.objects.create(webhook=webhook, name="X-Other", value="2"),
        lambda webhook: webhook.save(),
    ],
    ids=["queryset", "header deleted", "header added", "saved"],
)
def test_a_changed_webhook_is_read_anew(change):
    webhook, claimer = make_webhook(headers={"X-Key": "1"}), Claimer()
    for _ in range(2):
        make_delivery(webhook=webhook)
    claim_now(claimer=claimer, limit=1)
    change(webhook)
    [delivery] = claim_now(claimer=claimer, limit=1).leased
    fresh = Webhook.objects.get()
    assert delivery.webhook.url == fresh.url
    assert delivery.webhook.own_headers == fresh.own_headers
    assert delivery.webhook.updated_at == fresh.updated_at


def test_when_much_is_due_every_webhook_has_its_turn():
    flood, claimer = make_webhook(), Claimer()
    for _ in range(30):
        make_delivery(webhook=flood, next_attempt_at=NOW - timedelta(hours=1))
    assert len(claim_now(claimer=claimer, limit=4).leased) == 4
    late = make_delivery()
    assert late.pk in keys(claim_now(claimer=claimer, limit=4))


def test_webhooks_with_nothing_due_take_no_turn():
    claimer = Claimer()
    for _ in range(4):
        make_delivery(webhook=make_webhook(), next_attempt_at=NOW - timedelta(hours=1))
    late = make_delivery()
    assert len(claim_now(claimer=claimer, limit=4).leased) == 4
    assert keys(claim_now(claimer=claimer, limit=4)) == [late.pk]


def test_in_turns_everything_is_claimed_exactly_once():
    webhooks, claimer = [make_webhook() for _ in range(5)], Claimer()
    owed = {make_delivery(webhook=webhook).pk for webhook in webhooks for _ in range(webhook.pk % 5 + 1)}
    claimed = []
    while found := keys(claim_now(claimer=claimer, limit=3)):
        claimed += found
    assert sorted(claimed) == sorted(owed)


def test_when_places_run_low_only_quick_webhooks_are_claimed_for():
    quick, unknown = make_webhook(), make_webhook()
    make_delivery(webhook=unknown)
    owed = make_delivery(webhook=quick)
    shares = Shares(places=8)
    shares.take([quick.pk, *[unknown.pk] * 7])
    shares.give_back(quick.pk, seconds=0.1)
    claimed = Claimer().claim(now=NOW, limit=4, shares=shares)
    assert keys(claimed) == [owed.pk]
    assert claimed.more


def claim_beside(flood, *, clock):
    """Return a claimer that has just served *flood*'s partner and another."""
    claimer = Claimer(pace=Pace(rate=10, burst=2, clock=clock))
    for webhook in (make_webhook(), flood, make_webhook()):
        make_delivery(webhook=webhook, next_attempt_at=NOW - timedelta(days=1))
        claim_now(claimer=claimer)
    return claimer


def test_a_partner_that_is_owed_much_is_claimed_for_at_its_pace():
    now, flood = [1000.0], make_webhook()
    claimer = claim_beside(flood, clock=lambda: now[0])
    for _ in range(9):
        make_delivery(webhook=flood)
    now[0] += 60 - 1
    claimed = [claim_now(claimer=claimer, limit=5) for _ in range(2)]
    assert [(len(each.leased), each.waits) for each in claimed] == [(2, True), (0, True)]
    now[0] += 0.1
    assert len(claim_now(claimer=claimer, limit=5).leased) == 1


def test_what_exceeds_a_pace_stays_due_as_it_was():
    now, flood = [1000.0], make_webhook()
    claimer = claim_beside(flood, clock=lambda: now[0])
    now[0] += 59
    owed = [make_delivery(webhook=flood) for _ in range(3)]
    claim_now(claimer=claimer)
    owed[2].refresh_from_db()
    assert (owed[2].lease, owed[2].lost_leases) == (None, 0)


def test_all_webhooks_of_a_partner_share_its_pace():
    now, flood = [1000.0], make_webhook()
    claimer = claim_beside(flood, clock=lambda: now[0])
    now[0] += 59
    for webhook in (flood, make_webhook(partner=flood.partner)):
        make_delivery(webhook=webhook)
        make_delivery(webhook=webhook)
    assert len(claim_now(claimer=claimer).leased) == 2


def test_a_partner_that_is_held_back_delays_no_other():
    now, flood = [1000.0], make_webhook()
    claimer = claim_beside(flood, clock=lambda: now[0])
    for _ in range(9):
        make_delivery(webhook=flood, next_attempt_at=NOW - timedelta(hours=1))
    claim_now(claimer=claimer, limit=4)
    owed = make_delivery()
    assert keys(claim_now(claimer=claimer, limit=4)) == [owed.pk]


def test_what_has_just_come_due_is_claimed_without_looking_through_what_is_owed():
    claimer, flood = Claimer(), make_webhook()
    for _ in range(5):
        make_delivery(webhook=flood, next_attempt_at=NOW - timedelta(hours=1))
    claim_now(claimer=claimer, limit=2)
    fresh = make_delivery(next_attempt_at=NOW)
    claimed = claim_now(claimer=claimer, only_fresh=True)
    assert (keys(claimed), claimed.more, claimed.waits) == ([fresh.pk], True, True)
    assert len(claim_now(claimer=claimer).leased) == 3


def test_while_nobody_waits_for_others_all_that_is_due_is_claimed_at_once():
    owed = make_delivery(next_attempt_at=NOW - timedelta(hours=1))
    assert keys(claim_now(only_fresh=True)) == [owed.pk]


def test_two_claims_at_the_same_moment_do_not_take_the_same_room(monkeypatch):
    webhook, claimer, shares = make_webhook(), Claimer(), Shares(places=1000, slow=1)
    for _ in range(2):
        make_delivery(webhook=webhook)
    sift, beside = losses.sift, []

    def another_comes_first(found, *, now):
        monkeypatch.setattr(losses, "sift", sift)
        beside.append(claimer.claim(now=now, limit=1, shares=shares))
        return sift(found, now=now)

    monkeypatch.setattr(losses, "sift", another_comes_first)
    claimed = claimer.claim(now=NOW, limit=1, shares=shares)
    assert (len(beside[0].leased), claimed.leased, claimed.more) == (1, [], True)
    assert Delivery.objects.filter(lease=None, next_attempt_at__lte=NOW).count() == 1


def test_no_more_is_claimed_than_there_are_places():
    for _ in range(3):
        make_delivery()
    shares = Shares(places=2)
    assert len(Claimer().claim(now=NOW, limit=3, shares=shares).leased) == 2
    assert shares.free == 0
