"""
Whose turn it is, when more is due than can be claimed at once: the statement that finds it.

It goes round the webhooks, so that one that is owed a hundred thousand delays nobody. Who comes first is
drawn by lot each time, so that nobody always comes last.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

from django.db import connection

from deliveries.engine.bulk import document_of
from deliveries.engine.shares import Rooms
from deliveries.models import Delivery

TABLE = Delivery._meta.db_table

#: What a webhook is owed, in the order of one index, which is asked for one row at a time: for more at once
#: PostgreSQL may think it quicker to read and sort all that a webhook, or all webhooks, were ever owed.
PENDING = f"FROM {TABLE} WHERE status = 'pending' AND"
IN_ORDER = "ORDER BY webhook_id, next_attempt_at, id LIMIT 1"

#: The oldest of the next webhook that is owed anything.
NEXT_WEBHOOK = f"{PENDING} webhook_id > last.webhook_id {IN_ORDER}"

#: The next that is due to the same webhook. Rows are compared as rows, which jumps there in that index only.
NEXT = f"""
  {PENDING} (webhook_id, next_attempt_at, id) > (last.webhook_id, last.next_attempt_at, last.id)
    AND (webhook_id, next_attempt_at) <= (last.webhook_id, %(now)s) {IN_ORDER}
"""

#: More webhooks than anybody has: SQLite drops an order without a limit.
ALL = 1_000_000_000

#: A random place to begin in an order that nobody chose (multiplicative hashing; Knuth, TAOCP 6.4).
LOT = "(oldest.webhook_id * 2654435761 + %(lot)s) %% 4294967296"

#: As long as no more than this is due, who is owed it is read from that.
FEW = 300

#: What there is room for, by webhook and by partner.
ROOMS = """
  room(webhook_id, most) AS (
    SELECT {rooms}
  ), pace(partner_id, most) AS (
    SELECT {paces}
  )
"""

#: `few`: what is due, if it is few; there may be many more webhooks that are owed something later.
#: `owed`: else the oldest of every webhook that is owed anything, by one look into the index each.
#: `waiting`: those that are due and have room, and their place among their partner's, by lot.
#: `turn`: how many of each, for what a partner may start is divided among its webhooks.
#: `found`: the oldest of each, then the second of each, and so on.
IN_TURNS = f"""
  {ROOMS}, few AS (
    SELECT webhook_id, partner_id, next_attempt_at, id,
      row_number() OVER (PARTITION BY webhook_id ORDER BY next_attempt_at, id) AS nth
    FROM (
      SELECT webhook_id, partner_id, next_attempt_at, id FROM {TABLE} WHERE next_attempt_at <= %(now)s
      ORDER BY next_attempt_at, id LIMIT {FEW + 1}
    ) AS due
  ), owed(webhook_id, partner_id, next_attempt_at, id) AS (
    SELECT CAST(0 AS bigint), CAST(0 AS bigint), CAST(NULL AS {{time}}), CAST(0 AS bigint)
    WHERE (SELECT count(*) FROM few) > {FEW}
    UNION ALL
    SELECT next.webhook_id, next.partner_id, next.next_attempt_at, next.id FROM owed AS last {{next_webhook}}
  ), oldest AS (
    SELECT webhook_id, partner_id, next_attempt_at, id FROM owed
    UNION ALL
    SELECT webhook_id, partner_id, next_attempt_at, id FROM few
    WHERE nth = 1 AND (SELECT count(*) FROM few) <= {FEW}
  ), waiting AS (
    SELECT oldest.*, COALESCE(room.most, %(room)s) AS most, {LOT} AS lot,
      row_number() OVER (PARTITION BY oldest.partner_id ORDER BY {LOT}) AS place,
      count(*) OVER (PARTITION BY oldest.partner_id) AS places
    FROM oldest LEFT JOIN room ON room.webhook_id = oldest.webhook_id
    WHERE oldest.next_attempt_at <= %(now)s AND COALESCE(room.most, %(room)s) > 0
  ), turn AS (
    SELECT waiting.*, (COALESCE(pace.most, %(pace)s) + places - place) / places AS part
    FROM waiting LEFT JOIN pace ON pace.partner_id = waiting.partner_id
    WHERE place <= COALESCE(pace.most, %(pace)s) ORDER BY place, lot LIMIT {ALL}
  ), found(webhook_id, next_attempt_at, id, further) AS (
    SELECT webhook_id, next_attempt_at, id, CASE WHEN part < most THEN part ELSE most END - 1
    FROM turn
    UNION ALL
    SELECT next.webhook_id, next.next_attempt_at, next.id, last.further - 1
    FROM found AS last {{next}} WHERE last.further > 0
  )
"""


#: So many are looked at of what has come due within so short a time.
NEWEST, FRESH = 64, timedelta(seconds=0.25)

#: `found`: the newest of what has just come due, where there is room for it: there is no need to look through
#: all that is due for what came a moment ago.
FRESHLY = f"""
  {ROOMS}, fresh AS (
    SELECT webhook_id, partner_id, id FROM {TABLE}
    WHERE next_attempt_at > %(since)s AND next_attempt_at <= %(now)s
    ORDER BY next_attempt_at DESC, id DESC LIMIT {NEWEST}
  ), found AS (
    SELECT fresh.id FROM fresh LEFT JOIN room ON room.webhook_id = fresh.webhook_id
    LEFT JOIN pace ON pace.partner_id = fresh.partner_id
    WHERE COALESCE(room.most, %(room)s) > 0 AND COALESCE(pace.most, %(pace)s) > 0
  )
"""


@dataclass(frozen=True, slots=True)
class Choice:
    """The common table expressions of which `found` has the ids of what is to be leased, and their values."""

    expressions: str
    values: Mapping[str, Any]


def in_turns(rooms: Rooms, paces: Rooms) -> Choice:
    """Choose among all that is due, by turns, what there is room for by webhook and by partner."""
    lot = random.randrange(1 << 32)  # noqa: S311 - nobody gains by guessing it
    return Choice(_expressions(IN_TURNS), {"lot": lot, **_values(rooms, paces)})


def fresh(rooms: Rooms, paces: Rooms) -> Choice:
    """Choose among what has just come due what there is room for."""
    return Choice(_expressions(FRESHLY), _values(rooms, paces))


def _values(rooms: Rooms, paces: Rooms) -> dict[str, Any]:
    return {
        "rooms": document_of(rooms.named.items()),
        "room": rooms.others,
        "paces": document_of(paces.named.items()),
        "pace": paces.others,
    }


@cache
def _expressions(template: str) -> str:
    if connection.vendor == "postgresql":
        time, joined = (
            "timestamptz",
            "CROSS JOIN LATERAL (SELECT webhook_id, partner_id, next_attempt_at, id {}) AS next",
        )
        pairs = "CAST(value ->> 0 AS bigint), CAST(value ->> 1 AS int) FROM json_array_elements({}::json)"
    else:
        time, joined = "text", f"JOIN {TABLE} AS next ON next.id = (SELECT id {{}})"
        pairs = "json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each({})"
    return template.format(
        time=time,
        next_webhook=joined.format(NEXT_WEBHOOK),
        next=joined.format(NEXT),
        rooms=pairs.format("%(rooms)s"),
        paces=pairs.format("%(paces)s"),
    )
