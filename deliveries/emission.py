"""
An event and all that it is owed, written together.

The backend waits for this inside its own transaction. Hence two round trips: which webhooks there are,
and one statement that writes everything, whatever their number. On PostgreSQL that statement is whole
by itself and needs no transaction around it.
"""

import json
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, cast

from django.db import connection, models, transaction
from django.utils import timezone

from deliveries import wake
from deliveries.engine.bulk import columns, document_of, table_of
from deliveries.models import Delivery, Event
from portal.ids import new_id
from webhooks.models import Webhook

#: A webhook's id, and whether it is sent what it is owed at once; else that is held.
Owed = tuple[int, bool]

EVENT = (
    "public_id",
    "partner",
    "type",
    "verification_id",
    "body",
    "idempotency_key",
    "is_test",
    "created_at",
)
DELIVERY = (
    "public_id",
    "webhook",
    "partner",
    "status",
    "is_test",
    "attempt_count",
    "round_start",
    "last_cause",
    "created_at",
)


def subscribed(partner_id: int, event_type: str) -> list[Owed]:
    """Return the webhooks of a partner that want *event_type*, and which of them are active."""
    with connection.cursor() as cursor:
        cursor.execute(_live(), [partner_id])
        rows = cursor.fetchall()
    return [
        (key, bool(active))
        for key, active, types in rows
        if event_type in (json.loads(types) or [event_type])
    ]


def write(event: Event, owed: Sequence[Owed]) -> bool:
    """
    Insert *event* with a delivery for each of *owed*, and wake the engine on commit.

    Return False, having written nothing, if the partner has used the event's idempotency key before.
    """
    deliveries = document_of(_deliveries(event, owed))
    with transaction.mark_for_rollback_on_error(using=connection.alias):
        key = _insert(event, deliveries)
    if key is None:
        return False
    event.pk, event._state.adding = key, False  # noqa: SLF001 - as save() leaves it
    if any(active for _, active in owed):
        # A lost wake costs latency only, so it must never fail the backend's own transaction.
        transaction.on_commit(wake.send, robust=True)
    return True


def _deliveries(event: Event, owed: Sequence[Owed]) -> Iterator[tuple[Any, ...]]:
    for webhook, active in owed:
        status = Delivery.Status.PENDING if active else Delivery.Status.HELD
        yield (new_id("msg"), webhook, event.partner_id, status, event.is_test, 0, 0, "", timezone.now())


def _insert(event: Event, deliveries: str) -> int | None:
    """Return the event's primary key; None if there is one of the same idempotency key."""
    values = [field.get_db_prep_save(field.pre_save(event, add=True), connection) for field in _fields()]
    if connection.vendor == "postgresql":
        return _first(_event_and_deliveries(), [*values, deliveries])
    with transaction.atomic():
        key = _first(_event(), values)
        if key is not None:
            _first(_deliveries_of("(SELECT %s AS id)"), [deliveries, key])
    return key


def _first(statement: str, values: list[Any]) -> int | None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        row: tuple[int] | None = cursor.fetchone()
    return row[0] if row else None


# Put together once: that takes as long as the database does. All names in them come from the models.


@cache
def _fields() -> list["models.Field[Any, Any]"]:
    return [cast("models.Field[Any, Any]", Event._meta.get_field(name)) for name in EVENT]


@cache
def _live() -> str:
    names, table = columns(Webhook, ("id", "is_active", "event_types")), Webhook._meta.db_table
    return f"SELECT {names} FROM {table} WHERE partner_id = %s AND deleted_at IS NULL ORDER BY id"


@cache
def _event_and_deliveries() -> str:
    return f"WITH event AS ({_event()}), owed AS ({_deliveries_of('event')}) SELECT id FROM event"


@cache
def _event() -> str:
    values = ", ".join(["%s"] * len(EVENT))
    return (
        f"INSERT INTO {Event._meta.db_table} ({columns(Event, EVENT)}) VALUES ({values}) "
        "ON CONFLICT (partner_id, idempotency_key) DO NOTHING RETURNING id"
    )


@cache
def _deliveries_of(event: str) -> str:
    names, table = columns(Delivery, DELIVERY), Delivery._meta.db_table
    return (
        f"INSERT INTO {table} ({names}, event_id, next_attempt_at) "
        f"SELECT {names}, event.id, CASE WHEN status = 'pending' THEN {_now()} END "
        f"FROM {table_of(Delivery, DELIVERY)} AS v, {event} AS event RETURNING id"
    )


def _now() -> str:
    """Return the database's time, as everything that is due: a backend an hour ahead must not delay it."""
    if connection.vendor == "postgresql":
        return "statement_timestamp()"
    return "strftime('%%Y-%%m-%%d %%H:%%M:%%f', 'now')"
