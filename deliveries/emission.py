"""
An event and all that it is owed, written together.

The backend waits for this inside its own transaction. Hence one statement, whatever the number of webhooks,
which finds them as well; on PostgreSQL it is whole by itself and needs no transaction around it.
"""

from functools import cache
from typing import Any, cast

from django.db import connection, models, transaction

from deliveries import wake
from deliveries.engine.bulk import columns
from deliveries.models import Delivery, Event
from portal.ids import new_id
from portal.prepared import prepared_cursor
from webhooks.models import Webhook

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

#: Which webhooks of its partner an event is for.
SUBSCRIBED = {
    "postgresql": "webhook.event_types = '[]' OR webhook.event_types ? event.type",
    "sqlite": (
        "webhook.event_types = '[]' OR event.type IN (SELECT value FROM json_each(webhook.event_types))"
    ),
}
#: Characters that a ULID may end with.
RANDOM = {
    "postgresql": "upper(right(replace(gen_random_uuid()::text, '-', ''), 16))",
    "sqlite": "hex(randomblob(8))",
}
#: The database's time, as everything that is due: a backend an hour ahead must not delay it.
NOW = {"postgresql": "statement_timestamp()", "sqlite": "strftime('%%Y-%%m-%%d %%H:%%M:%%f', 'now')"}


def write(event: Event, *, only: Webhook | None = None) -> bool:
    """
    Insert *event* with a delivery for each webhook that wants it, or *only* for one that is asked to try.

    Wake the engine on commit. Return False, having written nothing, if the partner has used the event's
    idempotency key before.
    """
    with transaction.mark_for_rollback_on_error(using=connection.alias):
        found = _insert(event, only)
    if found is None:
        return False
    event.pk, is_due = found
    event._state.adding = False  # noqa: SLF001 - as save() leaves it
    if is_due:
        # A lost wake costs latency only, so it must never fail the backend's own transaction.
        transaction.on_commit(wake.send, robust=True)
    return True


def _insert(event: Event, only: Webhook | None) -> tuple[int, bool] | None:
    """Return the event's primary key and whether anything is due; None if its idempotency key is used."""
    values = [field.get_db_prep_save(field.pre_save(event, add=True), connection) for field in _fields()]
    owed = [_stem(), *([only.pk] if only else [])]
    if connection.vendor == "postgresql":
        rows = _execute(_event_and_deliveries(one=only is not None), [*values, *owed])
        return rows[0] if rows else None
    with transaction.atomic():
        for (key,) in _execute(_event(), values):
            statuses = _execute(_deliveries(one=only is not None), [owed[0], key, *owed[1:]])
            return key, (Delivery.Status.PENDING,) in statuses
    return None


def _stem() -> str:
    """Return what the deliveries' ids begin with: the prefix and the time of a ULID."""
    return new_id("msg")[: len("msg_") + 10]


def _execute(statement: str, values: list[Any]) -> list[Any]:
    with prepared_cursor() as cursor:
        cursor.execute(statement, values)
        rows: list[Any] = cursor.fetchall()
    return rows


@cache
def _fields() -> "list[models.Field[Any, Any]]":
    return [cast("models.Field[Any, Any]", Event._meta.get_field(name)) for name in EVENT]


@cache
def _event_and_deliveries(*, one: bool) -> str:
    return f"""
        WITH event AS ({_event()}), owed AS ({_deliveries(one=one)})
        SELECT id, EXISTS (SELECT FROM owed WHERE status = 'pending') FROM event
    """


@cache
def _event() -> str:
    values = ", ".join(["%s"] * len(EVENT))
    return f"""
        INSERT INTO {Event._meta.db_table} ({columns(Event, EVENT)}) VALUES ({values})
        ON CONFLICT (partner_id, idempotency_key) DO NOTHING
        RETURNING {"*" if connection.vendor == "postgresql" else "id"}
    """


@cache
def _deliveries(*, one: bool) -> str:
    """Return what owes the event to its webhooks, given the stem of their ids and, on SQLite, its key."""
    vendor = connection.vendor
    event = "event" if vendor == "postgresql" else f"(SELECT * FROM {Event._meta.db_table} WHERE id = %s)"
    wanted = "webhook.id = %s" if one else f"webhook.deleted_at IS NULL AND ({SUBSCRIBED[vendor]})"
    # A person asks for a test, who wants to see it while the webhook is inactive too.
    is_due = "webhook.is_active OR event.is_test"
    status = f"CASE WHEN {is_due} THEN 'pending' ELSE 'held' END"
    return f"""
        INSERT INTO {Delivery._meta.db_table} (public_id, event_id, webhook_id, partner_id, is_test,
          created_at, status, next_attempt_at, attempt_count, round_start, last_cause)
        SELECT %s || {RANDOM[vendor]}, event.id, webhook.id, event.partner_id, event.is_test,
          event.created_at, {status}, CASE WHEN {is_due} THEN {NOW[vendor]} END, 0, 0, ''
        FROM {event} AS event
        JOIN {Webhook._meta.db_table} AS webhook ON webhook.partner_id = event.partner_id
        WHERE {wanted} ORDER BY webhook.id RETURNING status
    """
