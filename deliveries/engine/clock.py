"""One clock for every machine: the database's."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import cast

from django.db import connection

Clock = Callable[[], datetime]


def database_now() -> datetime:
    """
    Return the database server's time.

    Workers on several machines never agree on the time; a worker an hour fast would otherwise
    send every retry at once.
    """
    if connection.vendor != "postgresql":
        return datetime.now(UTC)
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cast("datetime", cursor.fetchone()[0])
