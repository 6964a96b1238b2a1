"""
What is due, found and leased in one step.

A lease is a fresh name on the row, and a time until which nobody else may send it. PostgreSQL does
it in one statement, which skips rows that another worker is claiming instead of waiting for them.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Case, F, Value, When

from deliveries.engine.fairness import FRESH, Choice
from deliveries.models import Delivery, Event
from portal.prepared import prepared_cursor
from webhooks.models import Webhook


@dataclass(slots=True)
class Row:
    """What is read of a delivery as it is leased."""

    was_due: datetime
    pk: int
    public_id: str
    is_test: bool
    attempt_count: int
    round_start: int
    webhook_id: int
    webhook_version: datetime
    event_id: str
    event_body: str
    lost_leases: int
    was_lost: bool
    body: str
    is_body_fixed: bool
    resent_count: int


def lease_due(
    *, now: datetime, until: datetime, lease: UUID, limit: int, choice: Choice | None = None
) -> list[Row]:
    """
    Lease at most *limit* of what is due *now* as *lease*, and return it, the oldest first.

    With *choice*, what that finds; else the oldest of all.

    A lease that is found on a row has run out: it is counted among the lost ones.
    """
    take = _lease_at_once if connection.vendor == "postgresql" else _lease_step_by_step
    rows = take(now, until, lease, limit, choice)
    return sorted(rows, key=lambda row: (row.was_due, row.pk))


def _lease_at_once(
    now: datetime, until: datetime, lease: UUID, limit: int, choice: Choice | None
) -> list[Row]:
    values: dict[str, Any] = {
        "now": now,
        "limit": limit,
        "lease": lease,
        "until": until,
        "since": now - FRESH,
    }
    with prepared_cursor() as cursor:
        if choice is None:
            cursor.execute(lease_oldest(), values)
        else:
            cursor.execute(lease_found(choice.expressions), {**values, **choice.values})
        return [Row(*row) for row in cursor.fetchall()]


@cache
def lease_oldest() -> str:
    """Return the statement that leases the oldest of all that is due."""
    # Only what is pending has a time to be due at: the table's constraint says so.
    return "WITH " + _leasing("next_attempt_at <= %(now)s ORDER BY next_attempt_at, id LIMIT %(limit)s")


@cache
def lease_found(expressions: str) -> str:
    """Return the statement that leases what a choice finds."""
    # What is owed grows faster than PostgreSQL learns of it: it would look for a few ids among all that is
    # due, which it takes for less, did COALESCE not keep it from that index.
    chosen = (
        "id = ANY(ARRAY(SELECT id FROM found LIMIT %(limit)s))"
        " AND COALESCE(next_attempt_at <= %(now)s, false)"
    )
    return f"WITH RECURSIVE {expressions}, {_leasing(chosen)}"


def _leasing(choice: str) -> str:
    return f"""
        due AS MATERIALIZED (
          SELECT id, lease, next_attempt_at FROM {Delivery._meta.db_table}
          WHERE {choice} FOR NO KEY UPDATE SKIP LOCKED
        )
        UPDATE {Delivery._meta.db_table} AS d
        SET lease = %(lease)s, next_attempt_at = %(until)s,
            lost_leases = d.lost_leases + CASE WHEN due.lease IS NULL THEN 0 ELSE 1 END,
            is_body_fixed = d.is_body_fixed OR w.payload_template = ''
        FROM due, {Event._meta.db_table} AS e, {Webhook._meta.db_table} AS w
        WHERE d.id = due.id AND e.id = d.event_id AND w.id = d.webhook_id
        RETURNING due.next_attempt_at, d.id, d.public_id, d.is_test, d.attempt_count, d.round_start,
          d.webhook_id, w.updated_at, e.public_id, e.body, d.lost_leases, due.lease IS NOT NULL, d.body,
          d.is_body_fixed, d.resent_count
    """


@transaction.atomic
def _lease_step_by_step(
    now: datetime, until: datetime, lease: UUID, limit: int, choice: Choice | None
) -> list[Row]:
    due = Delivery.objects.due(now).order_by("next_attempt_at", "pk").values_list(*COLUMNS)
    rows = [
        Row(*row)
        for row in (due[:limit] if choice is None else due.filter(pk__in=_found(now, limit, choice)))
    ]
    Delivery.objects.filter(pk__in=[row.pk for row in rows]).update(
        lease=lease, next_attempt_at=until, lost_leases=F("lost_leases") + WAS_LOST
    )
    return rows


def _found(now: datetime, limit: int, choice: Choice) -> list[int]:
    moment, since = map(connection.ops.adapt_datetimefield_value, (now, now - FRESH))
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH RECURSIVE {choice.expressions} SELECT id FROM found LIMIT %(limit)s",
            {"now": moment, "since": since, "limit": limit, **choice.values},
        )
        return [key for (key,) in cursor.fetchall()]


WAS_LOST = Case(When(lease=None, then=Value(0)), default=Value(1))

#: In the order of Row.
COLUMNS: tuple[Any, ...] = (
    "next_attempt_at",
    "pk",
    "public_id",
    "is_test",
    "attempt_count",
    "round_start",
    "webhook_id",
    "webhook__updated_at",
    "event__public_id",
    "event__body",
    F("lost_leases") + WAS_LOST,
    WAS_LOST,
    "body",
    "is_body_fixed",
    "resent_count",
)
