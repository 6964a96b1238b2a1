"""Whose turn it is, when more is due than can be claimed at once."""

from collections import Counter
from datetime import datetime
from typing import Any

from django.db import connection

from deliveries.engine.shares import Shares
from deliveries.models import Delivery
from portal.prepared import prepared_cursor

TABLE = Delivery._meta.db_table

#: The oldest that is due to a webhook after another. Compared as rows, webhook, time and id are in the order
#: of one index only, which jumps there; through the index of all that is due, which PostgreSQL may think
#: shorter, it would walk past whatever others are owed.
NEXT_DUE = f"""
  SELECT next_attempt_at, id FROM {TABLE}
  WHERE (webhook_id, next_attempt_at, id) > (last.webhook_id, last.next_attempt_at, last.id)
    AND (webhook_id, next_attempt_at) <= (last.webhook_id, %(now)s) AND status = 'pending'
  ORDER BY webhook_id, next_attempt_at, id LIMIT 1
"""
FIRST_DUE = NEXT_DUE.replace("last.next_attempt_at, last.id", "'0001-01-01', 0")

#: Every webhook that something is due to, by two looks into an index for each that is owed anything, however
#: much that is.
DUE = f"""
WITH RECURSIVE last(webhook_id) AS (
  SELECT min(webhook_id) FROM {TABLE} WHERE status = 'pending'
  UNION ALL
  SELECT (SELECT min(webhook_id) FROM {TABLE} WHERE status = 'pending' AND webhook_id > last.webhook_id)
  FROM last WHERE last.webhook_id IS NOT NULL
)
SELECT webhook_id FROM last WHERE EXISTS ({FIRST_DUE})
"""

#: The oldest of what some webhooks are owed, step by step: asked for many at once, PostgreSQL may think it
#: quicker to read and sort all that a webhook was ever owed.
OLDEST_OF_ALL = f"""
WITH RECURSIVE wanted(webhook_id, most) AS (
  SELECT * FROM unnest(%(webhooks)s::bigint[], %(rooms)s::int[])
), found(webhook_id, next_attempt_at, id, further) AS (
  SELECT last.webhook_id, first.next_attempt_at, first.id, last.most - 1
  FROM wanted AS last CROSS JOIN LATERAL ({FIRST_DUE}) AS first
  UNION ALL
  SELECT last.webhook_id, next.next_attempt_at, next.id, last.further - 1
  FROM found AS last CROSS JOIN LATERAL ({NEXT_DUE}) AS next WHERE last.further > 0
)
SELECT id, webhook_id FROM found
"""
OLDEST_OF_ONE = f"""
SELECT id, webhook_id FROM (
  SELECT id, webhook_id FROM {TABLE} WHERE webhook_id = %s AND status = 'pending' AND next_attempt_at <= %s
  ORDER BY next_attempt_at, id LIMIT %s
) AS oldest
"""


class Turns:
    """Goes round the webhooks, so that one that is owed a hundred thousand delays nobody."""

    def __init__(self) -> None:
        self._last = 0
        #: Whether the last turn may have left something due.
        self.left_some = False

    def next_due(self, *, now: datetime, limit: int, shares: Shares) -> list[int]:
        """Return the ids of about *limit* due deliveries, as many of each webhook as of any other."""
        due = _due(now)
        webhooks = self._in_turn(shares.admitted(due))[:limit]
        self.left_some = len(webhooks) < len(due)
        if not webhooks:
            return []
        self._last = webhooks[-1]
        each = -(-limit // len(webhooks))
        rooms = {key: min(each, shares.room(key)) for key in webhooks}
        found = _oldest(rooms, now=now)
        self.left_some |= any(count >= rooms[key] for key, count in Counter(found.values()).items())
        return list(found)

    def _in_turn(self, webhooks: list[int]) -> list[int]:
        """Begin with whoever comes after the last one served."""
        later = [key for key in webhooks if key > self._last]
        return later + [key for key in webhooks if key <= self._last]


def _due(now: datetime) -> list[int]:
    """Return the webhooks that something is due to."""
    with prepared_cursor() as cursor:
        cursor.execute(DUE, {"now": _moment(now)})
        return [key for (key,) in cursor.fetchall()]


def _oldest(rooms: dict[int, int], *, now: datetime) -> dict[int, int]:
    """Return the oldest of what is due to each webhook, as much as it has room for: ids to webhooks."""
    moment = _moment(now)
    values: Any
    if connection.vendor == "postgresql":
        query = OLDEST_OF_ALL
        values = {"now": moment, "webhooks": [*rooms], "rooms": [*rooms.values()]}
    else:
        query = " UNION ALL ".join([OLDEST_OF_ONE] * len(rooms))
        values = [value for key, room in rooms.items() for value in (key, moment, room)]
    with prepared_cursor() as cursor:
        cursor.execute(query, values)
        return dict(cursor.fetchall())


def _moment(now: datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(now)
