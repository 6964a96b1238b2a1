"""What counts say, as tables."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhooks.figures import (
    BOUNDS,
    LATENCIES,
    MONTH,
    PERIODS,
    Rate,
    days,
    latency,
    latency_column,
    period_called,
)
from webhooks.models import WebhookHour

NOW = datetime(2026, 11, 23, 12, 30, tzinfo=UTC)


def counted(*durations):
    counts = [0] * len(BOUNDS)
    for duration in durations:
        counts[latency_column(duration)] += 1
    return counts


@pytest.mark.parametrize(
    ("duration", "column"),
    [(0, "ms_10"), (10, "ms_10"), (11, "ms_20"), (84, "ms_100"), (10_000, "ms_10000"), (10_250, "ms_10000")],
)
def test_a_duration_is_counted_by_the_first_bound_that_it_stays_within(duration, column):
    assert LATENCIES[latency_column(duration)] == column


def test_every_bound_has_its_column():
    assert set(LATENCIES) <= {each.name for each in WebhookHour._meta.fields}


@pytest.mark.parametrize(
    ("durations", "median", "most"),
    [
        ([84], 88, 100),
        ([84] * 99 + [4000], 88, 100),
        ([84] * 90 + [4000] * 10, 89, 5000),
        ([5, 15, 25], 15, 30),
        ([9999] * 3, 7500, 10_000),
    ],
)
def test_median_and_95_percent_are_read_off_the_counts(durations, median, most):
    found = latency(counted(*durations))
    assert found is not None
    assert (found.median, found.most, found.answers) == (median, most, len(durations))


def test_without_answers_there_is_no_response_time():
    assert latency([0] * len(BOUNDS)) is None


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=200))
def test_95_of_100_answers_stay_within_what_is_said_and_the_median_is_in_the_right_range(durations):
    found = latency(counted(*durations))
    assert found is not None
    assert sum(each <= found.most for each in durations) >= 0.95 * len(durations)
    middle = sorted(durations)[(len(durations) - 1) // 2]
    place = latency_column(middle)
    assert (BOUNDS[place - 1] if place else 0) <= found.median <= BOUNDS[place]


@pytest.mark.parametrize(
    ("name", "since"),
    [
        ("24h", NOW - timedelta(days=1)),
        ("7d", datetime(2026, 11, 17, tzinfo=UTC)),
        ("30d", datetime(2026, 10, 25, tzinfo=UTC)),
        ("all", None),
    ],
)
def test_a_period_knows_where_it_begins(name, since):
    assert period_called(name).since(NOW) == since


@pytest.mark.parametrize("name", ["", "31d", "ALL", "\0"])
def test_an_unknown_period_is_30_days(name):
    assert period_called(name) is MONTH
    assert MONTH in PERIODS


def test_days_without_deliveries_are_days_too():
    today = date(2026, 3, 1)
    shown = days({today: Rate(3, 1)}, today=today, count=3)
    assert [(day.date.day, day.rate) for day in shown] == [(27, Rate()), (28, Rate()), (1, Rate(3, 1))]


def test_a_rate_of_nothing_is_none():
    assert Rate().percentage is None
    assert Rate(3, 1).percentage == 75
