"""Points in time in words that people use."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal import times

NOW = datetime(2026, 11, 23, 14, 15, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("past", "words"),
    [
        (timedelta(0), "just now"),
        (timedelta(seconds=4), "just now"),
        (timedelta(seconds=5), "5 s ago"),
        (timedelta(seconds=59), "59 s ago"),
        (timedelta(seconds=60), "1 min ago"),
        (timedelta(minutes=59, seconds=59), "59 min ago"),
        (timedelta(hours=1), "1 h ago"),
        (timedelta(hours=23, minutes=59), "23 h ago"),
        (timedelta(days=1), "22 Nov"),
        (timedelta(days=400), "19 Oct 2025"),
        (timedelta(seconds=-30), "just now"),
    ],
)
def test_how_long_ago(past, words):
    assert times.ago(NOW - past, NOW) == words


@given(st.datetimes(timezones=st.just(UTC)), st.datetimes(timezones=st.just(UTC)))
def test_any_two_moments_have_words(moment, now):
    assert times.ago(moment, now)


@pytest.mark.parametrize(
    ("moment", "words"),
    [(datetime(2026, 1, 3, tzinfo=UTC), "3 Jan"), (datetime(2025, 12, 31, tzinfo=UTC), "31 Dec 2025")],
)
def test_a_date_has_its_year_only_when_that_is_not_this_one(moment, words):
    assert times.day(moment, NOW) == words


@pytest.mark.parametrize(
    ("zone", "words"),
    [
        (UTC, "3 Nov 2026, 09:05:07 UTC"),
        (timezone(timedelta(hours=1), "CET"), "3 Nov 2026, 09:05:07 CET"),
    ],
)
def test_an_exact_moment_has_its_zone(zone, words):
    assert times.exact(datetime(2026, 11, 3, 9, 5, 7, tzinfo=zone)) == words
