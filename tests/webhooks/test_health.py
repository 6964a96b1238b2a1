import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhooks.health import WINDOW, Health, health, remember, success_rate

OUTCOMES = st.text(alphabet="sf", max_size=60)


@pytest.mark.parametrize(
    ("outcomes", "deactivated", "expected"),
    [
        ("", False, Health.NONE),
        ("s", False, Health.GREEN),
        ("s" * 20, False, Health.GREEN),
        ("f", False, Health.YELLOW),
        ("ff", False, Health.YELLOW),
        ("fff", False, Health.RED),
        ("sffs", False, Health.YELLOW),
        ("fffs", False, Health.YELLOW),
        ("sssfff", False, Health.RED),
        ("f" + "s" * 19, False, Health.YELLOW),
        ("f" + "s" * 20, False, Health.GREEN),
        ("s" * 20, True, Health.RED),
        ("", True, Health.RED),
    ],
)
def test_the_recent_attempts_decide(outcomes, deactivated, expected):
    assert health(outcomes, deactivated=deactivated) == expected


@given(OUTCOMES, st.booleans())
def test_a_remembered_attempt_is_the_latest_of_at_most_twenty(outcomes, succeeded):
    remembered = remember(outcomes, succeeded=succeeded)
    assert remembered[-1] == ("s" if succeeded else "f")
    assert (outcomes + remembered[-1]).endswith(remembered)
    assert len(remembered) == min(len(outcomes) + 1, WINDOW)


@given(OUTCOMES)
def test_three_failures_turn_any_webhook_red_and_twenty_successes_turn_it_green(outcomes):
    assert health(outcomes + "fff", deactivated=False) == Health.RED
    assert health(outcomes + "s" * WINDOW, deactivated=False) == Health.GREEN


@pytest.mark.parametrize(
    ("succeeded", "failed", "expected"), [(0, 0, None), (3, 0, 100), (0, 3, 0), (1, 3, 25), (118, 2, 98.33)]
)
def test_the_success_rate_is_a_percentage_of_finished_deliveries(succeeded, failed, expected):
    rate = success_rate(succeeded=succeeded, failed=failed)
    assert rate == (expected if expected is None else pytest.approx(expected, abs=0.01))
