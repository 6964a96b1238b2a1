"""Public identifiers."""

import re
from datetime import UTC, datetime

import time_machine

from portal.ids import new_id


def test_an_id_is_its_prefix_and_a_ulid() -> None:
    assert re.fullmatch(r"wh_[0-7][0-9A-HJKMNP-TV-Z]{25}", new_id("wh"))


def test_the_time_is_where_the_specification_puts_it() -> None:
    # The first ten characters are milliseconds; this example is the specification's own.
    with time_machine.travel(datetime(2016, 7, 30, 22, 36, 16, 385_000, UTC), tick=False):
        assert new_id("evt").startswith("evt_01ARYZ6S41")


def test_later_ids_sort_later() -> None:
    ids = []
    for second in range(5):
        with time_machine.travel(1_700_000_000 + second, tick=False):
            ids.append(new_id("msg"))
    assert ids == sorted(ids)


def test_ids_of_the_same_moment_differ() -> None:
    with time_machine.travel(1_700_000_000, tick=False):
        assert len({new_id("msg") for _ in range(1_000)}) == 1_000
