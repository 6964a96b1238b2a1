import pytest
from hypothesis import given
from hypothesis import strategies as st

from deliveries.engine.pace import RECENT, Pace
from deliveries.engine.shares import ROOMY, Rooms

A, B = 1, 2


class Clock:
    def __init__(self):
        self.seconds = 1000.0

    def __call__(self):
        return self.seconds


def make_pace(*, shared=True):
    """Return a pace of ten a second and four at once, and its clock; *shared* if both are served."""
    clock = Clock()
    pace = Pace(rate=10, burst=4, clock=clock)
    if shared:
        pace.take([A])
        pace.take([B])
        clock.seconds += 1
    return pace, clock


def test_a_partner_that_is_alone_starts_any_number():
    pace, _ = make_pace(shared=False)
    pace.take([A] * 500)
    assert pace.rooms == ROOMY


def test_beside_others_it_starts_a_burst():
    pace, _ = make_pace()
    assert (pace.room(A), pace.room(B), pace.room()) == (4, 4, 4)


def test_whoever_has_started_a_burst_is_held_back_and_nobody_else_is():
    pace, _ = make_pace()
    pace.take([A] * 4)
    assert pace.rooms == Rooms({A: 0}, others=4)
    assert pace.rooms.hold_back


@pytest.mark.parametrize(("seconds", "room"), [(0, 0), (0.1, 1), (0.2, 2), (0.4, 4), (9, 4)])
def test_room_comes_back_at_the_rate(seconds, room):
    pace, clock = make_pace()
    pace.take([A] * 4)
    clock.seconds += seconds
    assert pace.room(A) == room


def test_what_was_started_beyond_the_burst_is_waited_for():
    pace, clock = make_pace()
    pace.take([A] * 14)
    clock.seconds += 1
    assert pace.room(A) == 0
    clock.seconds += 0.1
    assert pace.room(A) == 1


def test_nobody_is_counted_any_more_once_all_has_come_back():
    pace, clock = make_pace()
    pace.take([A] * 4)
    clock.seconds += 0.41
    assert pace.rooms == Rooms({}, others=4)


def test_a_partner_that_goes_on_is_alone_again_some_time_after_the_others_ended():
    pace, clock = make_pace()
    pace.take([A])
    clock.seconds += RECENT
    assert pace.room(A) == ROOMY.others


def test_what_a_partner_started_while_it_was_alone_is_not_held_against_it():
    pace, _ = make_pace(shared=False)
    pace.take([A] * 100)
    pace.take([B])
    assert pace.room(A) == 4


@given(st.lists(st.tuples(st.sampled_from([A, B]), st.floats(0, 2)), max_size=50))
def test_nobody_starts_more_than_a_burst_and_the_rate(steps):
    pace, clock = make_pace()
    began, started = clock.seconds, {A: 0, B: 0}
    for partner, seconds in steps:
        clock.seconds += seconds
        room = pace.room(partner)
        if room != ROOMY.others:
            pace.take([partner] * room)
            started[partner] += room
    for count in started.values():
        assert count <= 5 + 10 * (clock.seconds - began)
