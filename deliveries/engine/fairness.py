"""
Whose turn it is, when more is due than can be claimed at once: the statement that finds it.

It goes round the webhooks, so that one that is owed a hundred thousand delays nobody.
"""

from functools import cache
from typing import Any

from django.db import connection

from deliveries.engine.bulk import document_of
from deliveries.engine.shares import Rooms
from deliveries.models import Delivery

TABLE = Delivery._meta.db_table

#: The oldest that is due to a webhook after another. Compared as rows, webhook, time and id are in the order
#: of one index only, which jumps there; through the index of all that is due, which PostgreSQL may think
#: shorter, it would walk past whatever others are owed. Asked for many at once, it may think it quicker to
#: read and sort all that the webhook was ever owed.
NEXT = f"""
  FROM {TABLE}
  WHERE (webhook_id, next_attempt_at, id) > (last.webhook_id, last.next_attempt_at, last.id)
    AND (webhook_id, next_attempt_at) <= (last.webhook_id, %(now)s) AND status = 'pending'
  ORDER BY webhook_id, next_attempt_at, id LIMIT 1
"""
FIRST = NEXT.replace("last.next_attempt_at, last.id", "'0001-01-01', 0")

#: The next webhook that something is owed to. Asked for the least of all, PostgreSQL may read them all.
OWED = f"""
  SELECT next.webhook_id FROM {TABLE} AS next WHERE status = 'pending' AND next.webhook_id > owed.webhook_id
  ORDER BY next.webhook_id LIMIT 1
"""

#: More webhooks than anybody has: SQLite drops an order without a limit.
ALL = 1_000_000_000

#: `owed`: every webhook that something is owed to, by one look into an index each, however much that is.
#: `turn`: those that have room, beginning after the one that came last.
#: `found`: the oldest of each, then the second of each, and so on, as far as they are due and have room.
IN_TURNS = f"""
  owed(webhook_id) AS (
    SELECT CAST(0 AS bigint)
    UNION ALL
    SELECT ({OWED}) FROM owed WHERE webhook_id IS NOT NULL
  ), room(webhook_id, most) AS (
    SELECT {{rooms}}
  ), turn(webhook_id, most) AS (
    SELECT owed.webhook_id, COALESCE(room.most, %(others)s)
    FROM owed LEFT JOIN room ON room.webhook_id = owed.webhook_id
    WHERE owed.webhook_id > 0 AND COALESCE(room.most, %(others)s) > 0
    ORDER BY owed.webhook_id <= %(after)s, owed.webhook_id LIMIT {ALL}
  ), found(webhook_id, next_attempt_at, id, further) AS (
    SELECT next.webhook_id, next.next_attempt_at, next.id, last.most - 1
    FROM turn AS last {{first}}
    UNION ALL
    SELECT next.webhook_id, next.next_attempt_at, next.id, last.further - 1
    FROM found AS last {{following}} WHERE last.further > 0
  )
"""


@cache
def in_turns() -> str:
    """Return the common table expressions of which `found` has the ids of what is due, in turns."""
    if connection.vendor == "postgresql":
        rooms = (
            "CAST(value ->> 0 AS bigint), CAST(value ->> 1 AS int) FROM json_array_elements(%(rooms)s::json)"
        )
        first, following = (f"CROSS JOIN LATERAL (SELECT * {one}) AS next" for one in (FIRST, NEXT))
    else:
        rooms = "json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(%(rooms)s)"
        first, following = (f"JOIN {TABLE} AS next ON next.id = (SELECT id {one})" for one in (FIRST, NEXT))
    return IN_TURNS.format(rooms=rooms, first=first, following=following)


class Turns:
    """Knows who had the last turn."""

    def __init__(self) -> None:
        self._last = 0

    def values(self, rooms: Rooms) -> dict[str, Any]:
        """Return what :func:`in_turns` needs, beside `now` and `limit`."""
        return {"rooms": document_of(rooms.named.items()), "others": rooms.others, "after": self._last}

    def note(self, webhooks: set[int]) -> None:
        """Remember the last of those that have just had a turn."""
        if webhooks:
            self._last = max(webhooks, key=lambda webhook: (webhook <= self._last, webhook))
