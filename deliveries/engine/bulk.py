"""One UPDATE for many rows, each with values of its own."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection, models


def update_rows(model: type[models.Model], fields: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """
    Set *fields* of the rows whose primary key comes first in each of *rows*.

    Django's bulk_update builds a CASE a field and spends more time on it than the database does.
    """
    columns = [model._meta.get_field(name) for name in fields]
    keyed = [model._meta.pk, *columns]
    values = [
        [field.get_db_prep_save(value, connection) for field, value in zip(keyed, row, strict=True)]
        for row in rows
    ]
    if values:
        with connection.cursor() as cursor:
            cursor.execute(_statement(model, columns, len(values)), sum(values, start=[]))


def _statement(model: type[models.Model], columns: Sequence[Any], count: int) -> str:
    quote = connection.ops.quote_name
    table, key = quote(model._meta.db_table), quote(model._meta.pk.column)
    row = "(" + ", ".join(["%s"] * (len(columns) + 1)) + ")"
    settings = ", ".join(f"{quote(c.column)} = {_typed(c, n)}" for n, c in enumerate(columns, start=2))
    rows = ", ".join([row] * count)
    return f"UPDATE {table} SET {settings} FROM (VALUES {rows}) AS v WHERE {table}.{key} = v.column1"  # noqa: S608 - names from the models, values as parameters


def _typed(field: Any, position: int) -> str:
    """PostgreSQL takes a column of bare NULLs for text; SQLite's casts would change the value."""
    value = f"v.column{position}"
    return f"CAST({value} AS {field.db_type(connection)})" if connection.vendor == "postgresql" else value
