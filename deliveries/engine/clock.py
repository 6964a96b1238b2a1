"""One clock for every machine: the database's."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import cast

from django.db import connection

Clock = Callable[[], datetime]

#: Seconds after which the database is asked again; clocks drift less than a millisecond in that time.
TRUSTED = 1.0

#: An answer that took longer, in seconds, says too little about the time to be believed, unless that is all
#: there has been for so long.
PROMPT, PATIENCE = 0.005, 60.0


class DatabaseClock:
    """
    Tell the database server's time, a few milliseconds ahead at most.

    Workers on several machines never agree on the time; a worker an hour fast would otherwise
    send every retry at once. Between two questions this process's monotonic clock goes on.
    """

    def __init__(self) -> None:
        self._asked_at = self._believed_at = float("-inf")
        self._epoch = datetime.min.replace(tzinfo=UTC)

    def __call__(self) -> datetime:
        if time.monotonic() - self._asked_at > TRUSTED:
            self._ask()
        return self._epoch + timedelta(seconds=time.monotonic())

    def _ask(self) -> None:
        # Else the clock would be ahead by what connecting takes, and go back with the next answer.
        connection.ensure_connection()
        asked_at, now = time.monotonic(), database_now()
        took = time.monotonic() - asked_at
        self._asked_at = asked_at
        if took < PROMPT or asked_at - self._believed_at > PATIENCE:
            self._believed_at = asked_at
            # From before the question: were it behind, what is due now would seem to come later.
            self._epoch = now - timedelta(seconds=asked_at)


def database_now() -> datetime:
    """Return the time that the database has; SQLite's is this machine's."""
    if connection.vendor != "postgresql":
        return datetime.now(UTC)
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cast("datetime", cursor.fetchone()[0])
