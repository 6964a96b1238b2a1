"""One clock for every machine: the database's."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import cast

from django.db import connection

Clock = Callable[[], datetime]

#: Seconds after which the database is asked again; clocks drift less than a millisecond in that time.
TRUSTED = 1.0


class DatabaseClock:
    """
    Tell the database server's time, ahead by no more than its quickest answer was on its way.

    Workers on several machines never agree on the time; a worker an hour fast would otherwise
    send every retry at once. Between two questions this process's monotonic clock goes on.
    """

    def __init__(self) -> None:
        self._asked_at = float("-inf")
        #: The database's time when the monotonic clock was zero. Until the first answer it is later than any,
        #: so that the clock begins ahead: one that is behind takes what is due now for due later.
        self._epoch = datetime.max.replace(tzinfo=UTC)

    def __call__(self) -> datetime:
        if time.monotonic() - self._asked_at > TRUSTED:
            self._ask()
        return self._epoch + timedelta(seconds=time.monotonic())

    def _ask(self) -> None:
        """Correct the epoch by as little as the answer demands: a slow one is true too, but says less."""
        # Else the clock would be ahead by what connecting takes, and go back with the next answer.
        connection.ensure_connection()
        asked_at, now = time.monotonic(), database_now()
        earliest, latest = now - timedelta(seconds=time.monotonic()), now - timedelta(seconds=asked_at)
        self._epoch = min(max(self._epoch, earliest), latest)
        self._asked_at = asked_at


def database_now() -> datetime:
    """Return the time that the database has; SQLite's is this machine's."""
    if connection.vendor != "postgresql":
        return datetime.now(UTC)
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cast("datetime", cursor.fetchone()[0])
