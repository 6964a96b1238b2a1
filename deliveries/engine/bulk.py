"""
Many rows in one statement and one parameter.

Django's bulk_update builds a CASE for each field and row, and like bulk_create it prepares every
value by itself: for the engine's batches that costs more than the database does. Here the rows
travel as one JSON document, which PostgreSQL and SQLite both unpack into a table.
"""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, models

Row = Sequence[Any]


def update_rows(
    model: type[models.Model],
    fields: Sequence[str],
    rows: Iterable[Row],
    *,
    key: Sequence[str] = ("id",),
    clear: Sequence[str] = (),
) -> set[int]:
    """
    Set *fields* of the rows that match *key*, null *clear*, and return the ids of those that matched.

    Each of *rows* holds the values of *key*, then those of *fields*.
    """
    table, names = _quote(model._meta.db_table), [*key, *fields]
    changes = ", ".join(
        [f"{_column(model, name)} = v.{_column(model, name)}" for name in fields]
        + [f"{_column(model, name)} = NULL" for name in clear]
    )
    matches = " AND ".join(f"{table}.{_column(model, name)} = v.{_column(model, name)}" for name in key)
    statement = (
        f"UPDATE {table} SET {changes} FROM {_rows(model, names)} AS v WHERE {matches} RETURNING {table}.id"  # noqa: S608 - names from the models
    )
    return {key for (key,) in _execute(statement, rows)}


def insert_rows(model: type[models.Model], fields: Sequence[str], rows: Iterable[Row]) -> None:
    """Insert *rows*, each the values of *fields*; an encrypted field takes its token."""
    table, columns = _quote(model._meta.db_table), ", ".join(_column(model, name) for name in fields)
    _execute(f"INSERT INTO {table} ({columns}) SELECT {columns} FROM {_rows(model, fields)} AS v", rows)  # noqa: S608 - names from the models


def _execute(statement: str, rows: Iterable[Row]) -> list[tuple[Any, ...]]:
    document = list(rows)
    if not document:
        return []
    with connection.cursor() as cursor:
        cursor.execute(statement, [json.dumps(document, default=_as_text)])
        return cursor.fetchall() if cursor.description else []


def _rows(model: type[models.Model], names: Sequence[str]) -> str:
    """Return a subquery that unpacks the document into columns named and typed as the model's."""
    postgresql = connection.vendor == "postgresql"
    unpack = _unpack_postgresql if postgresql else _unpack_sqlite
    columns = ", ".join(
        f"{unpack(model._meta.get_field(name), position)} AS {_column(model, name)}"
        for position, name in enumerate(names)
    )
    source = "json_array_elements(%s::json) AS row(value)" if postgresql else "json_each(%s) AS row"
    return f"(SELECT {columns} FROM {source})"  # noqa: S608 - names from the models


def _unpack_postgresql(field: Any, position: int) -> str:
    return f"CAST(row.value ->> {position} AS {field.db_type(connection)})"


def _unpack_sqlite(field: Any, position: int) -> str:
    return f"json_extract(row.value, '$[{position}]')"


def _as_text(value: object) -> str:
    if isinstance(value, datetime):
        return str(connection.ops.adapt_datetimefield_value(value))
    if isinstance(value, UUID):
        return value.hex
    raise TypeError(f"{type(value).__name__} has no form in a bulk statement.")


def _column(model: type[models.Model], name: str) -> str:
    return _quote(model._meta.get_field(name).column)


def _quote(name: str) -> str:
    return connection.ops.quote_name(name)
