"""Bars, as numbers."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deliveries.chart import HEIGHT, LEAST_HEIGHT, WIDTH, ceiling, chart_of
from webhooks.figures import Day, Rate


def of(*rates):
    first = date(2026, 10, 25)
    return chart_of([Day(first + timedelta(days=i), Rate(*rate)) for i, rate in enumerate(rates)])


@pytest.mark.parametrize(
    ("most", "top"), [(0, 1), (1, 1), (7, 8), (9, 10), (10, 10), (11, 20), (183, 200), (4812, 5000)]
)
def test_the_scale_ends_at_a_round_number(most, top):
    assert ceiling(most) == top


def test_bars_share_the_width_and_a_full_one_has_the_height():
    chart = of((10, 0), (5, 0))
    assert [bar.left for bar in chart.bars] == [0, WIDTH / 2]
    [full], [half] = (bar.parts for bar in chart.bars)
    assert (full.tone, full.y, full.height) == ("good", 0, HEIGHT)
    assert (half.y, half.height) == (HEIGHT / 2, HEIGHT / 2)


def test_one_failure_among_thousands_is_seen():
    [(_, failed)] = [bar.parts for bar in of((5000, 1)).bars]
    assert (failed.tone, failed.height) == ("bad", LEAST_HEIGHT)


def test_it_says_in_words_what_it_shows():
    chart = of((120, 3), (1000, 0))
    assert chart.words == "Deliveries a day over 2 days: 1,120 delivered, 3 failed."
    assert [bar.words for bar in chart.bars] == [
        "25 Oct: 120 delivered, 3 failed",
        "26 Oct: 1,000 delivered, 0 failed",
    ]


def test_days_without_deliveries_have_no_bars():
    assert of((0, 0)).is_empty
    assert of((0, 0), (1, 0)).bars[0].parts == []


@given(st.lists(st.tuples(st.integers(0, 10**9), st.integers(0, 10**9)), min_size=1, max_size=40))
def test_every_bar_stays_within_the_drawing(rates):
    for bar in of(*rates).bars:
        for part in bar.parts:
            assert 0 <= part.y <= HEIGHT
            assert LEAST_HEIGHT <= part.height <= HEIGHT
