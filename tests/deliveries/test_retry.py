import pytest
from hypothesis import given
from hypothesis import strategies as st

from deliveries.retry import PROMISED, RetryPolicy


@pytest.mark.parametrize(
    ("attempts_made", "wait"), [(1, 1), (2, 2), (3, 4), (4, 8), (5, 16), (6, None), (7, None)]
)
def test_a_failed_delivery_is_tried_five_more_times(attempts_made, wait):
    assert PROMISED.next_wait(attempts_made) == wait


def test_there_are_six_attempts_in_all():
    assert PROMISED.max_attempts == 6


def test_people_read_the_waits_as_a_sentence():
    assert PROMISED.words == "1, 2, 4, 8 and 16 s"


@given(st.lists(st.floats(min_value=0, max_value=86_400), max_size=30))
def test_every_wait_is_used_once_and_in_order(waits):
    policy = RetryPolicy(tuple(waits))
    assert [policy.next_wait(made) for made in range(1, policy.max_attempts)] == waits
    assert policy.next_wait(policy.max_attempts) is None
