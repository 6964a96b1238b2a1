"""Deliveries, engine: whose turn it is, and that finding it out does not cost more the more is owed."""

import re
from collections import Counter
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from deliveries.engine import fairness, leasing
from deliveries.engine.shares import Rooms
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


ROOMY = Rooms({}, others=100)


def in_turn(*, limit, rooms=ROOMY, paces=ROOMY):
    """Return the ids of what one claim in turns leases."""
    leased = leasing.lease_due(
        now=NOW, until=NOW, lease=uuid4(), limit=limit, turns=fairness.values(rooms, paces)
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


@pytest.mark.postgres
@pytest.mark.parametrize("believed", ["unknown", "as it is", "to be little"])
def test_no_statement_walks_through_all_that_is_due(believed):
    others = [make_delivery() for _ in range(50)]
    if believed == "to be little":
        Delivery.objects.filter(pk__in=[each.pk for each in others]).update(
            status="succeeded", next_attempt_at=None, finished_at=NOW
        )
        execute(f"ANALYZE {TABLE}")
    make_flood(3_000)
    if believed == "as it is":
        execute(f"ANALYZE {TABLE}")
    values = {"now": NOW, "limit": 32, "lease": uuid4(), "until": NOW}
    oldest = plan(leasing.lease_oldest(), values)
    in_turns = plan(
        leasing.lease_in_turns(), values | fairness.values(Rooms({}, others=64), Rooms({}, others=64))
    )
    assert f"using delivery_due on {TABLE}" in oldest
    assert "Sort Key" not in oldest
    # EXPLAIN does not show the query by which a recursive one goes on.
    owed = plan("SELECT id " + fairness.NEXT_WEBHOOK.replace("last.webhook_id", "0"), {})
    assert (in_turns + owed).count("using delivery_pending on") == 3
    assert in_turns.count("using delivery_due on") == 1, "the few that are due"
    assert "delivery_due" not in owed
    for text in (oldest, in_turns, owed):
        # A few of its rows are joined as d, in whatever way suits a table as small as this one.
        assert not re.search(rf"Seq Scan on {TABLE}(?! d )", text)
        assert "delivery_log" not in text


def plan(statement, values):
    return "\n".join(line for (line,) in execute("EXPLAIN " + statement, values))


def execute(statement, values=None):
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall() if cursor.description else []
