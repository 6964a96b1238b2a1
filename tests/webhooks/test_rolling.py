"""Rolling a signing secret: which secrets there are at a time."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhooks.rolling import Overlap, OverlapError, SameSecretError, Secrets, overlaps

NOON = datetime(2026, 5, 2, 12, 0, tzinfo=UTC)
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - naive here
OVERLAPS = st.sampled_from(Overlap)


@pytest.mark.parametrize(
    ("overlap", "at", "ends_at"),
    [
        (Overlap.DAY, NOON, datetime(2026, 5, 3, 12, 0, tzinfo=UTC)),
        (Overlap.WEEK, NOON, datetime(2026, 5, 9, 12, 0, tzinfo=UTC)),
        (Overlap.DAY, NOON + timedelta(microseconds=1), datetime(2026, 5, 3, 12, 1, tzinfo=UTC)),
        (Overlap.DAY, NOON - timedelta(seconds=1), datetime(2026, 5, 3, 12, 0, tzinfo=UTC)),
        (Overlap.DAY, datetime(2026, 12, 31, 23, 59, 30, tzinfo=UTC), datetime(2027, 1, 2, tzinfo=UTC)),
        (Overlap.NONE, NOON, None),
    ],
)
def test_an_overlap_ends_at_a_whole_minute(overlap, at, ends_at):
    assert Secrets("old").rolled(to="new", overlap=overlap, at=at).ends_at == ends_at


@pytest.mark.parametrize(
    ("secrets", "at", "old"),
    [
        (Secrets("new"), NOON, None),
        (Secrets("new", "old", NOON), NOON - timedelta(microseconds=1), "old"),
        (Secrets("new", "old", NOON), NOON, None),
        (Secrets("new", "old", NOON), NOON + timedelta(days=400), None),
        (Secrets("new", "old"), NOON, None),
    ],
)
def test_the_old_secret_signs_until_its_time_and_not_at_it(secrets, at, old):
    assert secrets.old_at(at) == old


def test_without_overlap_the_old_one_is_not_kept():
    assert Secrets("old").rolled(to="new", overlap=Overlap.NONE, at=NOON) == Secrets("new")


def test_with_overlap_the_current_one_becomes_the_old_one():
    rolled = Secrets("old").rolled(to="new", overlap=Overlap.DAY, at=NOON)
    assert (rolled.current, rolled.previous) == ("new", "old")


@pytest.mark.parametrize("overlap", [Overlap.DAY, Overlap.WEEK])
def test_a_second_overlap_is_refused_while_one_is_under_way(overlap):
    secrets = Secrets("b", "a", NOON)
    with pytest.raises(OverlapError, match=r"until 2 May 2026, 12:00 UTC\. End that overlap first"):
        secrets.rolled(to="c", overlap=overlap, at=NOON - timedelta(seconds=1))


def test_once_it_is_over_another_may_begin_though_nobody_swept_up():
    rolled = Secrets("b", "a", NOON).rolled(to="c", overlap=Overlap.DAY, at=NOON)
    assert (rolled.current, rolled.previous) == ("c", "b")


def test_without_overlap_a_secret_may_be_rolled_at_any_time():
    rolled = Secrets("b", "a", NOON).rolled(to="c", overlap=Overlap.NONE, at=NOON - timedelta(hours=1))
    assert rolled == Secrets("c")


def test_rolling_back_to_the_old_secret_is_rolling_without_overlap():
    rolled = Secrets("b", "a", NOON).rolled(to="a", overlap=Overlap.NONE, at=NOON - timedelta(hours=1))
    assert rolled == Secrets("a")


@pytest.mark.parametrize("overlap", Overlap)
def test_the_current_secret_is_no_new_one(overlap):
    with pytest.raises(SameSecretError, match="This is the secret that signs already"):
        Secrets("old").rolled(to="old", overlap=overlap, at=NOON)


def test_an_overlap_is_ended_early():
    assert Secrets("new", "old", NOON).overlap_ended() == Secrets("new")


def test_its_secrets_are_not_shown_in_logs():
    assert "canary" not in repr(Secrets("canary", "canary-too", NOON))


# --- Whatever is done, and whenever ---------------------------------------------------------------


@given(OVERLAPS, MOMENTS)
def test_an_overlap_lasts_as_long_as_it_says_and_less_than_a_minute_more(overlap, at):
    ends_at = Secrets("old").rolled(to="new", overlap=overlap, at=at).ends_at
    lasts = ends_at - at if ends_at else timedelta()
    assert overlap.length <= lasts < overlap.length + timedelta(minutes=1)
    assert ends_at is None or (ends_at.second, ends_at.microsecond) == (0, 0)


@given(MOMENTS, MOMENTS)
def test_whole_seconds_decide_as_exact_times_do(ends_at, at):
    """The engine signs at whole seconds, and overlaps end at whole minutes."""
    whole = ends_at.replace(second=0, microsecond=0)
    assert overlaps(whole, at=at.replace(microsecond=0)) == overlaps(whole, at=at)


@given(st.lists(st.tuples(OVERLAPS, st.timedeltas(timedelta(), timedelta(days=10)), st.booleans())))
def test_nobody_who_was_promised_an_overlap_is_left_before_its_end(steps):
    """Roll, wait and end in any order: only ending, or rolling without overlap, stops an old secret early."""
    secrets, now, promised = Secrets("0"), NOON, {}
    for number, (overlap, wait, is_ended) in enumerate(steps, start=1):
        try:
            rolled = secrets.rolled(to=str(number), overlap=overlap, at=now)
        except OverlapError:
            assert secrets.old_at(now) is not None
        else:
            promised = {} if overlap is Overlap.NONE else {secrets.current: now + overlap.length}
            secrets = rolled
        if is_ended:
            secrets, promised = secrets.overlap_ended(), {}
        now += wait
        kept = {secret for secret, until in promised.items() if now < until}
        assert kept <= {secrets.old_at(now)}
        assert secrets.old_at(now) != secrets.current
