"""Deliveries, engine: whose turn it is, and that finding it out does not cost more the more is owed."""

import re
from collections import Counter
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from deliveries.engine import fairness, leasing
from deliveries.engine.shares import ROOMY, Rooms
from deliveries.models import Delivery
from tests.factories import make_delivery, make_event, make_webhook

pytestmark = pytest.mark.django_db

#: Later than this run may last: what the factories make is due by then.
NOW = timezone.now() + timedelta(hours=1)
TABLE = Delivery._meta.db_table


def make_flood(count):
    webhook = make_webhook()
    event = make_event(partner=webhook.partner)
    return Delivery.objects.bulk_create(
        Delivery(webhook=webhook, partner=webhook.partner, event=event, next_attempt_at=timezone.now())
        for _ in range(count)
    )


def in_turn(*, limit, rooms=ROOMY, paces=ROOMY):
    """Return the ids of what one claim in turns leases."""
    leased = leasing.lease_due(
        now=NOW, until=NOW, lease=uuid4(), limit=limit, choice=fairness.in_turns(rooms, paces)
    )
    return {row.pk for row in leased}


def test_each_webhook_has_as_many_turns_as_any_other():
    flood, alone = make_flood(20), make_delivery()
    found = in_turn(limit=8)
    assert alone.pk in found
    assert {delivery.pk for delivery in flood[:7]} | {alone.pk} == found


def test_the_oldest_of_each_come_before_the_second_of_any():
    floods = [make_flood(3) for _ in range(3)]
    assert in_turn(limit=3) == {flood[0].pk for flood in floods}


def test_who_comes_first_is_drawn_by_lot():
    floods = [make_flood(60) for _ in range(2)]
    found = set.union(*(in_turn(limit=1) for _ in range(60)))
    assert all(found & {delivery.pk for delivery in flood} for flood in floods)


def test_partners_have_turns_whatever_the_number_of_their_webhooks():
    partner, alone = make_webhook().partner, make_delivery()
    for _ in range(5):
        make_delivery(webhook=make_webhook(partner=partner))
    assert alone.pk in in_turn(limit=2)


@pytest.mark.parametrize(("pace", "counts"), [(0, []), (1, [1]), (2, [1, 1]), (3, [1, 2]), (9, [3, 3])])
def test_what_a_partner_may_start_is_divided_among_its_webhooks(pace, counts):
    partner = make_webhook().partner
    webhooks = [make_webhook(partner=partner) for _ in range(2)]
    for webhook in webhooks * 3:
        make_delivery(webhook=webhook)
    found = in_turn(limit=100, paces=Rooms({partner.pk: pace}, others=100))
    webhook_of = dict(Delivery.objects.values_list("pk", "webhook"))
    assert sorted(Counter(webhook_of[key] for key in found).values()) == counts


def test_no_webhook_is_chosen_beyond_its_room():
    flood, other = make_flood(20), make_flood(20)
    found = in_turn(limit=100, rooms=Rooms({flood[0].webhook_id: 3}, others=5))
    assert found == {delivery.pk for delivery in flood[:3] + other[:5]}


def test_a_webhook_with_no_room_has_no_turn():
    [delivery, *_] = make_flood(3)
    assert in_turn(limit=100, rooms=Rooms({delivery.webhook_id: 0}, others=5)) == set()


def test_nobody_has_a_turn_who_is_not_named_when_others_have_no_room():
    named, _ = make_flood(3), make_flood(3)
    found = in_turn(limit=100, rooms=Rooms({named[0].webhook_id: 2}, others=0))
    assert found == {delivery.pk for delivery in named[:2]}


@pytest.mark.parametrize("count", [3, fairness.FEW, fairness.FEW + 1])
def test_turns_are_the_same_whether_little_or_much_is_due(count):
    flood, alone = make_flood(count), make_delivery()
    assert in_turn(limit=4) == {delivery.pk for delivery in flood[:3]} | {alone.pk}


def choose_fresh(*, limit=100, rooms=ROOMY, paces=ROOMY):
    """Return the ids of what a claim of the newest leases."""
    choice = fairness.fresh(rooms, paces)
    leased = leasing.lease_due(now=NOW, until=NOW, lease=uuid4(), limit=limit, choice=choice)
    return {row.pk for row in leased}


@pytest.mark.parametrize(("seconds", "is_chosen"), [(-0.01, False), (0, True), (0.2, True), (0.26, False)])
def test_what_has_just_come_due_is_fresh(seconds, is_chosen):
    delivery = make_delivery(next_attempt_at=NOW - timedelta(seconds=seconds))
    assert choose_fresh() == ({delivery.pk} if is_chosen else set())


def test_of_what_is_fresh_that_is_chosen_which_there_is_room_for():
    full, held_back, fine = (make_delivery(next_attempt_at=NOW) for _ in range(3))
    rooms = Rooms({full.webhook_id: 0}, others=1)
    paces = Rooms({held_back.partner_id: 0}, others=1)
    assert choose_fresh(rooms=rooms, paces=paces) == {fine.pk}


@pytest.mark.postgres
@pytest.mark.parametrize("believed", ["unknown", "as it is", "to be little"])
def test_no_statement_walks_through_all_that_is_due(believed):
    # What autovacuum has seen of other tests' rows, which never were committed, is forgotten with the table.
    execute(f"TRUNCATE {TABLE}, deliveries_event, webhooks_webhook CASCADE")
    others = [make_delivery() for _ in range(50)]
    if believed == "to be little":
        Delivery.objects.filter(pk__in=[each.pk for each in others]).update(
            status="succeeded", next_attempt_at=None, finished_at=NOW
        )
        execute(f"ANALYZE {TABLE}")
    owe(20_000, like=others[0])
    if believed == "as it is":
        execute(f"ANALYZE {TABLE}")
    values = {"now": NOW, "limit": 32, "lease": uuid4(), "until": NOW, "since": NOW}
    oldest = plan(leasing.lease_oldest(), values)
    in_turns, fresh = (
        plan(leasing.lease_found(choice.expressions), {**values, **choice.values})
        for choice in (fairness.in_turns(ROOMY, ROOMY), fairness.fresh(ROOMY, ROOMY))
    )
    assert f"using delivery_due on {TABLE}" in oldest
    assert "Sort Key" not in oldest
    # EXPLAIN does not show the query by which a recursive one goes on.
    owed = plan("SELECT id " + fairness.NEXT_WEBHOOK.replace("last.webhook_id", "0"), {})
    assert (in_turns + owed).count("using delivery_pending on") == 3
    assert in_turns.count("delivery_due") == 1, "the few that are due"
    assert "delivery_due" in fresh
    assert "delivery_due" not in owed
    for text in (oldest, in_turns, owed, fresh):
        # A few of its rows are joined as d, in whatever way suits a table as small as this one.
        assert not re.search(rf"Seq Scan on {TABLE}(?! d )", text)
        assert "delivery_log" not in text


def owe(count, *, like):
    """Owe what *like* owes so many times more, in a moment."""
    execute(
        f"INSERT INTO {TABLE}"  # noqa: S608 - a name of our own
        " (public_id, event_id, webhook_id, partner_id, status, is_test, attempt_count,"
        " round_start, last_cause, created_at, next_attempt_at) SELECT 'msg_owed' || n, event_id, webhook_id,"
        " partner_id, 'pending', false, 0, 0, '', now(), now()"
        f" FROM generate_series(1, %s) AS n, {TABLE} AS one WHERE one.id = %s",
        [count, like.pk],
    )


def plan(statement, values):
    return "\n".join(line for (line,) in execute("EXPLAIN " + statement, values))


def execute(statement, values=None):
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall() if cursor.description else []
