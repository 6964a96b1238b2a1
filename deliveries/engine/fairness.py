"""Whose turn it is, when more is due than can be claimed at once."""

from collections.abc import Collection
from datetime import datetime

from django.db import connection

from deliveries.models import Delivery

#: Every webhook that is owed something, by one look into the index for each of them, however much it is owed.
OWED = """
WITH RECURSIVE owed(webhook_id) AS (
  SELECT min(webhook_id) FROM {table} WHERE status = 'pending'
  UNION ALL
  SELECT (SELECT min(webhook_id) FROM {table} WHERE status = 'pending' AND webhook_id > owed.webhook_id)
  FROM owed WHERE owed.webhook_id IS NOT NULL
)
SELECT webhook_id FROM owed WHERE webhook_id IS NOT NULL
"""

#: The oldest of what some webhooks are owed; PostgreSQL plans the first form in one step for all of them.
OLDEST_OF_ALL = """
SELECT oldest.id FROM unnest(%s::bigint[]) AS owed(webhook_id) CROSS JOIN LATERAL (
  SELECT id FROM {table} WHERE webhook_id = owed.webhook_id AND status = 'pending' AND next_attempt_at <= %s
  ORDER BY next_attempt_at LIMIT %s
) AS oldest
"""
OLDEST_OF_ONE = """
SELECT id FROM (
  SELECT id FROM {table} WHERE webhook_id = %s AND status = 'pending' AND next_attempt_at <= %s
  ORDER BY next_attempt_at LIMIT %s
) AS oldest
"""


class Turns:
    """Goes round the webhooks, so that one that is owed a hundred thousand delays nobody."""

    def __init__(self) -> None:
        self._last = 0

    def next_due(self, *, now: datetime, limit: int, full: Collection[int]) -> list[int]:
        """Return the ids of about *limit* due deliveries, as many of each webhook as of any other."""
        webhooks = self._in_turn([key for key in self._owed() if key not in set(full)])[:limit]
        if not webhooks:
            return []
        self._last = webhooks[-1]
        each = -(-limit // len(webhooks))
        return self._oldest(webhooks, now=now, each=each)

    def _in_turn(self, webhooks: list[int]) -> list[int]:
        """Begin with whoever comes after the last one served."""
        later = [key for key in webhooks if key > self._last]
        return later + [key for key in webhooks if key <= self._last]

    def _owed(self) -> list[int]:
        with connection.cursor() as cursor:
            cursor.execute(OWED.format(table=Delivery._meta.db_table))
            return [key for (key,) in cursor.fetchall()]

    def _oldest(self, webhooks: list[int], *, now: datetime, each: int) -> list[int]:
        moment = connection.ops.adapt_datetimefield_value(now)
        if connection.vendor == "postgresql":
            query, values = OLDEST_OF_ALL, [webhooks, moment, each]
        else:
            query = " UNION ALL ".join([OLDEST_OF_ONE] * len(webhooks))
            values = [value for key in webhooks for value in (key, moment, each)]
        with connection.cursor() as cursor:
            cursor.execute(query.format(table=Delivery._meta.db_table), values)
            return [key for (key,) in cursor.fetchall()]
