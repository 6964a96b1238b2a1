"""Statements that PostgreSQL parses and plans once a connection instead of every time."""

from time import monotonic
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from django.db import connection

if TYPE_CHECKING:
    from django.db.backends.utils import CursorWrapper

#: How long a connection's plans are kept, in seconds: they suit tables of the size that these had then.
KEPT = 1.0

_planned_at: "WeakKeyDictionary[Any, float]" = WeakKeyDictionary()


def prepared_cursor() -> "CursorWrapper":
    """
    Return a cursor for a statement that is executed over and over, with its values apart from it.

    PostgreSQL may then keep one plan for all values, for a second. Django's own cursors write the values
    into the statement, which makes it another one every time.
    """
    if connection.vendor != "postgresql":
        return connection.cursor()
    from django.db.backends.postgresql.base import ServerBindingCursor  # noqa: PLC0415 - not without psycopg

    wrapper: Any = connection
    wrapper.close_if_health_check_failed()
    wrapper.ensure_connection()
    _plan_anew(wrapper.connection)
    cursor_of: Any = ServerBindingCursor
    cursor: CursorWrapper = wrapper._prepare_cursor(cursor_of(wrapper.connection))  # noqa: SLF001 - as cursor()
    return cursor


def _plan_anew(server: Any) -> None:
    """Forget plans that are too old: PostgreSQL itself keeps them until it has counted what was added."""
    if monotonic() - _planned_at.setdefault(server, monotonic()) > KEPT:
        _planned_at[server] = monotonic()
        # Past Django, which would count and log it as a statement of the caller's.
        with connection.wrap_database_errors:
            server.execute("DISCARD PLANS")
