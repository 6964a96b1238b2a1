"""Statements that PostgreSQL parses and plans once a connection instead of every time."""

from typing import TYPE_CHECKING, Any

from django.db import connection

if TYPE_CHECKING:
    from django.db.backends.utils import CursorWrapper


def prepared_cursor() -> "CursorWrapper":
    """
    Return a cursor for a statement that is executed over and over, with its values apart from it.

    PostgreSQL may then keep one plan for all values: it is for statements that have only one good plan.
    Django's own cursors write the values into the statement, which makes it another one every time.
    """
    if connection.vendor != "postgresql":
        return connection.cursor()
    from django.db.backends.postgresql.base import ServerBindingCursor  # noqa: PLC0415 - not without psycopg

    wrapper: Any = connection
    cursor_of: Any = ServerBindingCursor
    wrapper.close_if_health_check_failed()
    wrapper.ensure_connection()
    cursor: CursorWrapper = wrapper._prepare_cursor(cursor_of(wrapper.connection))  # noqa: SLF001 - as cursor() does
    return cursor
