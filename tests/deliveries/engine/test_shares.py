import pytest
from hypothesis import given
from hypothesis import strategies as st

from deliveries.engine.shares import QUICK_SHARE, SLOW, SLOW_SHARE, Rooms, Shares, share

A, B = 1, 2


def shares(*, places=100):
    return Shares(places=places, quick=4, slow=2)


def test_a_webhook_nobody_knows_gets_the_share_of_a_slow_one():
    assert shares().room(A) == 2


@pytest.mark.parametrize(("seconds", "room"), [(0.01, 4), (0.99, 4), (1.0, 2), (9.0, 2)])
def test_the_last_answer_decides_how_large_a_share_is(seconds, room):
    counted = shares()
    counted.take([A])
    counted.give_back(A, seconds=seconds)
    assert counted.room(A) == room


def test_a_webhook_is_full_when_its_share_is_used():
    counted = shares()
    counted.take([A, A, B])
    assert (counted.room(A), counted.room(B), counted.full) == (0, 1, [A])


def test_an_endpoint_that_turns_slow_may_have_more_under_way_than_its_share_for_a_while():
    counted = shares()
    counted.take([A])
    counted.give_back(A, seconds=0.1)
    counted.take([A] * 4)
    counted.give_back(A, seconds=5)
    assert (counted.room(A), counted.full) == (0, [A])


def test_the_last_quarter_of_all_places_is_for_quick_endpoints():
    counted = shares(places=8)
    counted.take([A])
    counted.give_back(A, seconds=0.1)
    counted.take([B] * 6)
    assert counted.only is None
    counted.take([B])
    assert counted.only == {A}


@given(st.lists(st.tuples(st.integers(1, 5), st.floats(0, 20))))
def test_what_is_taken_and_given_back_leaves_nothing(deliveries):
    counted = shares()
    counted.take(webhook for webhook, _ in deliveries)
    assert counted.free == 100 - len(deliveries)
    for webhook, seconds in deliveries:
        counted.give_back(webhook, seconds=seconds)
    assert (counted.free, counted.full, counted.any_under_way) == (100, [], False)


@pytest.mark.parametrize(
    ("seconds", "most"), [(None, SLOW_SHARE), (0.1, QUICK_SHARE), (SLOW, SLOW_SHARE), (9.0, SLOW_SHARE)]
)
def test_quick_answers_earn_a_larger_share(seconds, most):
    assert share(seconds) == most


def test_whoever_has_something_under_way_has_room_for_the_rest_of_its_share_and_others_for_a_large_one():
    counted = shares()
    counted.take([A, A])
    assert counted.rooms == Rooms({A: 0}, others=4)


def test_when_places_run_low_only_quick_endpoints_have_room():
    counted = shares(places=8)
    counted.take([A, A])
    counted.give_back(A, seconds=0.1)
    counted.take([B] * 6)
    assert counted.rooms == Rooms({A: 3}, others=0)


@pytest.mark.parametrize(
    ("rooms", "webhooks", "are_used"),
    [
        (Rooms({}, others=2), [A], False),
        (Rooms({}, others=2), [A, A], True),
        (Rooms({A: 3}, others=2), [A, A], False),
        (Rooms({A: 3}, others=2), [A, A, A], True),
        (Rooms({A: 0}, others=2), [B], True),
        (Rooms({A: 1}, others=2), [], False),
    ],
)
def test_rooms_are_used_when_one_of_them_is(rooms, webhooks, are_used):
    assert rooms.are_used_by(webhooks) == are_used
