"""Deliveries, engine: whose turn it is, and that finding it out does not cost more the more is owed."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from deliveries.engine import fairness, leasing
from deliveries.engine.fairness import Turns
from deliveries.engine.shares import Shares
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


def test_each_webhook_has_as_many_turns_as_any_other():
    flood, alone = make_flood(20), make_delivery()
    found = Turns().next_due(now=NOW, limit=8, shares=Shares(places=100))
    assert alone.pk in found
    assert len({delivery.pk for delivery in flood} & set(found)) == 4


def test_no_webhook_is_chosen_beyond_its_room():
    make_flood(20)
    assert len(Turns().next_due(now=NOW, limit=100, shares=Shares(places=100, slow=3))) == 3


def test_a_webhook_with_no_room_has_no_turn():
    [delivery, *_] = make_flood(3)
    shares = Shares(places=100, slow=1)
    shares.take([delivery.webhook_id])
    assert Turns().next_due(now=NOW, limit=100, shares=shares) == []


@pytest.mark.parametrize(("room", "left"), [(2, True), (3, True), (4, False), (0, True)])
def test_a_turn_knows_whether_it_may_have_left_something(room, left):
    [delivery, *_] = make_flood(3)
    shares, turns = Shares(places=100, slow=4), Turns()
    shares.take([delivery.webhook_id] * (4 - room))
    turns.next_due(now=NOW, limit=100, shares=shares)
    assert turns.left_some == left


@pytest.mark.postgres
@pytest.mark.parametrize("knows", [False, True], ids=["unknown to PostgreSQL", "known"])
def test_no_statement_walks_through_all_that_is_due(knows):
    flood = make_flood(3_000)
    for _ in range(50):
        make_delivery()
    if knows:
        execute(f"ANALYZE {TABLE}")
    keys = [delivery.pk for delivery in flood[:10]]
    plans = [
        plan(fairness.DUE, {"now": NOW}),
        plan(fairness.OLDEST_OF_ALL, {"now": NOW, "webhooks": [flood[0].webhook_id], "rooms": [50]}),
        plan(leasing._statement(leasing.THESE), [NOW, keys, None, NOW]),
    ]
    for text in plans:
        assert "delivery_due" not in text
        assert "delivery_log" not in text
        assert f"Seq Scan on {TABLE}" not in text


def plan(statement, values):
    return "\n".join(line for (line,) in execute("EXPLAIN " + statement, values))


def execute(statement, values=None):
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall() if cursor.description else []
