import pytest
from hypothesis import given
from hypothesis import strategies as st

from deliveries.engine.duty import DutyCycle


class Clocks:
    def __init__(self):
        self.passed = self.spent = 0.0

    def cycle(self, *, most=0.5, longest=1.0):
        return DutyCycle(most=most, longest=longest, clock=lambda: self.passed, spent=lambda: self.spent)


def after(passed, spent, **options):
    """Tell whether a cycle has rested so many seconds after a step began, of which it used so many."""
    clocks = Clocks()
    cycle = clocks.cycle(**options)
    cycle.begin()
    clocks.passed += passed
    clocks.spent += spent
    return cycle.has_rested


def test_the_first_step_waits_for_nothing():
    assert Clocks().cycle().has_rested


@pytest.mark.parametrize(
    ("passed", "spent", "rested"),
    [
        (0.1, 0.1, False),
        (0.19, 0.1, False),
        (0.21, 0.1, True),
        (0.5, 0.4, False),  # whatever else the process did meanwhile counts, too
        (1.0, 1.0, True),  # the longest rest is over
    ],
)
def test_a_step_is_followed_by_as_long_a_rest(passed, spent, rested):
    assert after(passed, spent) == rested


def test_the_next_step_is_timed_by_itself():
    clocks = Clocks()
    cycle = clocks.cycle()
    cycle.begin()
    clocks.passed, clocks.spent = 3.0, 2.0
    cycle.begin()
    clocks.passed, clocks.spent = 3.2, 2.05
    assert cycle.has_rested


@given(st.floats(0, 10), st.floats(0, 1), st.floats(0.1, 5))
def test_the_next_step_begins_only_after_enough_rest_or_the_longest(passed, part, longest):
    spent = passed * part
    assert after(passed, spent, longest=longest) == (spent <= 0.5 * passed or passed >= longest)
