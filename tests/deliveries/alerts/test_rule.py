from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deliveries.alerts.rule import LASTING, QUIET, is_to_be_told
from deliveries.retry import PROMISED
from webhooks.health import remember

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)

OUTCOMES = st.text(alphabet="sf", max_size=20)
AGES = st.none() | st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=9))


def before(age):
    return None if age is None else NOW - age


@pytest.mark.parametrize(
    ("outcomes", "failing_for", "told_ago", "expected"),
    [
        ("", None, None, False),
        ("sss", None, None, False),
        ("sf", 60 * SECOND, None, False),
        ("sff", 60 * SECOND, None, False),
        ("fff", 4 * SECOND, None, False),
        ("sfff", LASTING, None, True),
        ("f" * 20, 60 * SECOND, None, True),
        ("fffs", None, None, False),
        ("fff", 60 * SECOND, timedelta(0), False),
        ("fff", 60 * SECOND, QUIET - SECOND, False),
        ("fff", 60 * SECOND, QUIET, True),
    ],
)
def test_three_failures_that_have_lasted_are_told_once_a_day(outcomes, failing_for, told_ago, expected):
    told = is_to_be_told(outcomes, failing_since=before(failing_for), told_at=before(told_ago), now=NOW)
    assert told is expected


def hear(attempts):
    """Return when people are told of *attempts*, which are seconds and whether each succeeded."""
    outcomes, since = "", None
    told: list[datetime] = []
    for second, succeeded in attempts:
        now = NOW + second * SECOND
        outcomes, since = remember(outcomes, succeeded=succeeded), None if succeeded else since or now
        if is_to_be_told(outcomes, failing_since=since, told_at=told[-1] if told else None, now=now):
            told.append(now)
    return [(now - NOW).total_seconds() for now in told]


def test_a_blip_that_the_second_retry_heals_is_not_told_however_many_deliveries_it_hit():
    hits = [(second, False) for second in (0, 1) for _ in range(50)] + [(3, True)] * 50
    assert hear(hits) == []


def test_a_dead_endpoint_is_told_of_before_its_webhook_is_deactivated():
    seconds = [sum(PROMISED.waits[:made]) for made in range(len(PROMISED.waits) + 1)]
    assert hear([(second, False) for second in seconds]) == [7]


def test_an_endpoint_that_flaps_for_a_week_is_told_of_once_a_day():
    minutes = [(60 * minute, minute % 10 == 9) for minute in range(7 * 24 * 60)]
    assert len(hear(minutes)) == 7


@given(OUTCOMES, AGES, AGES)
def test_nobody_is_told_while_the_latest_attempt_succeeded(outcomes, failing_for, told_ago):
    told = is_to_be_told(outcomes + "s", failing_since=before(failing_for), told_at=before(told_ago), now=NOW)
    assert not told


@given(st.lists(st.tuples(st.integers(1, 7_200), st.booleans()), max_size=200))
def test_whatever_happens_there_is_a_day_between_two(steps):
    second, attempts = 0, []
    for wait, succeeded in steps:
        second += wait
        attempts.append((second, succeeded))
    told = hear(attempts)
    assert all(later - earlier >= QUIET.total_seconds() for earlier, later in pairwise(told))
