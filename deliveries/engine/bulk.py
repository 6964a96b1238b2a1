"""
Many rows in one statement and one parameter.

Django's bulk_update builds a CASE for each field and row, and like bulk_create it prepares every
value by itself: for the engine's batches that costs more than the database does. Here the rows
travel as one JSON document, which PostgreSQL and SQLite both unpack into a table.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, cast
from uuid import UUID

from django.db import connection, models

Row = Sequence[Any]


@dataclass(frozen=True, slots=True)
class Statement:
    """What is to be executed, and the rows that it is to be executed for."""

    text: str
    rows: list[Row]


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
    return {key for (key,) in execute(updating(model, fields, rows, key=key, clear=clear))}


def updating(
    model: type[models.Model],
    fields: Sequence[str],
    rows: Iterable[Row],
    *,
    key: Sequence[str] = ("id",),
    clear: Sequence[str] = (),
) -> Statement:
    """Return what :func:`update_rows` executes."""
    return Statement(_update(model, tuple(fields), tuple(key), tuple(clear)), list(rows))


def inserting(model: type[models.Model], fields: Sequence[str], rows: Iterable[Row]) -> Statement:
    """Return what inserts *rows*, each the values of *fields*; an encrypted field takes its token."""
    return Statement(_insert(model, tuple(fields)), list(rows))


def adding(
    model: type[models.Model], fields: Sequence[str], rows: Iterable[Row], *, key: Sequence[str]
) -> Statement:
    """
    Return what adds to *fields* of the rows that match *key*, and inserts what matches none.

    Each of *rows* holds the values of *key*, then what to add to each of *fields*; no key occurs twice.
    """
    return Statement(_add(model, tuple(fields), tuple(key)), list(rows))


def locked_rows(model: type[models.Model], fields: Sequence[str], keys: Iterable[int]) -> list[Row]:
    """Lock the rows of these ids, in their order, and return the values of *fields* of each."""
    if not _is_postgresql():  # which locks the whole database anyway, and keeps times as text
        return list(model._base_manager.filter(pk__in=[*keys]).order_by("pk").values_list(*fields))
    return execute(Statement(_lock(model, tuple(fields)), [(key,) for key in keys]))


def execute(*statements: Statement) -> list[Row]:
    """Execute all that have rows, in one round trip where the database can; return what the first returns."""
    wanted = [each for each in statements if each.rows]
    if not wanted:
        return []
    first, *others = [wanted] if _is_postgresql() else [[each] for each in wanted]
    found = _execute_together(first)
    for each in others:
        _execute_together(each)
    return found


def _execute_together(statements: list[Statement]) -> list[Row]:
    text = "; ".join(each.text for each in statements)
    with connection.cursor() as cursor:
        cursor.execute(text, [document_of(each.rows) for each in statements])
        return cursor.fetchall() if cursor.description else []


# The same few statements serve every batch: to put one together takes longer than a row of it.


@cache
def _update(
    model: type[models.Model], fields: tuple[str, ...], key: tuple[str, ...], clear: tuple[str, ...]
) -> str:
    table = _quote(model._meta.db_table)
    changes = ", ".join(
        [f"{_column(model, name)} = v.{_column(model, name)}" for name in fields]
        + [f"{_column(model, name)} = NULL" for name in clear]
    )
    matches = " AND ".join(f"{table}.{_column(model, name)} = v.{_column(model, name)}" for name in key)
    return f"UPDATE {table} SET {changes} FROM {table_of(model, key + fields)} AS v WHERE {matches} RETURNING {table}.id"  # noqa: E501 - names from the models


@cache
def _insert(model: type[models.Model], fields: tuple[str, ...]) -> str:
    table, names = _quote(model._meta.db_table), columns(model, fields)
    return f"INSERT INTO {table} ({names}) SELECT {names} FROM {table_of(model, fields)} AS v"


@cache
def _add(model: type[models.Model], fields: tuple[str, ...], key: tuple[str, ...]) -> str:
    table, unique = _quote(model._meta.db_table), columns(model, key)
    sums = ", ".join(
        f"{column} = {table}.{column} + excluded.{column}"
        for column in (_column(model, name) for name in fields)
    )
    # Without its WHERE, SQLite takes ON for part of a join.
    return f"{_insert(model, key + fields)} WHERE true ON CONFLICT ({unique}) DO UPDATE SET {sums}"


@cache
def _lock(model: type[models.Model], fields: tuple[str, ...]) -> str:
    table, wanted = _quote(model._meta.db_table), table_of(model, ("id",))
    return f"SELECT {columns(model, fields)} FROM {table} WHERE id IN {wanted} ORDER BY id FOR NO KEY UPDATE"


def document_of(rows: Iterable[Row]) -> str:
    """Return *rows* as the one parameter that :func:`table_of` unpacks."""
    return json.dumps(list(rows), default=_as_text)


def table_of(model: type[models.Model], names: Sequence[str]) -> str:
    """Return a subquery with one parameter, whose columns are named and typed as the model's."""
    columns = [f"{_unpack(model, name, i)} AS {_column(model, name)}" for i, name in enumerate(names)]
    source = "json_array_elements(%s::json) AS row(value)" if _is_postgresql() else "json_each(%s) AS row"
    return f"(SELECT {', '.join(columns)} FROM {source})"


def _unpack(model: type[models.Model], name: str, position: int) -> str:
    """Return the value at *position*: SQLite takes JSON's types as they are, PostgreSQL wants them named."""
    if not _is_postgresql():
        return f"json_extract(row.value, '$[{position}]')"
    return f"CAST(row.value ->> {position} AS {_field(model, name).db_type(connection)})"


def _is_postgresql() -> bool:
    return connection.vendor == "postgresql"


def _as_text(value: object) -> str:
    if isinstance(value, datetime):
        return str(connection.ops.adapt_datetimefield_value(value))
    if isinstance(value, UUID):
        return value.hex
    raise TypeError(f"{type(value).__name__} has no form in a bulk statement.")


def _field(model: type[models.Model], name: str) -> "models.Field[Any, Any]":
    return cast("models.Field[Any, Any]", model._meta.get_field(name))


def columns(model: type[models.Model], names: Sequence[str]) -> str:
    """Return the columns of these fields, as a statement lists them."""
    return ", ".join(_column(model, name) for name in names)


def _column(model: type[models.Model], name: str) -> str:
    return _quote(str(_field(model, name).column))


def _quote(name: str) -> str:
    return connection.ops.quote_name(name)
