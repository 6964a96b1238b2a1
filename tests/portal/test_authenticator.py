"""Codes: which are taken, how often, and what is kept of them."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django_otp import verify_token
from hypothesis import given
from hypothesis import strategies as st

from portal import qr
from portal.authenticator import MOST_FAILURES, RECOVERY_CODES, Authenticator, is_recovery_code, plain
from tests.factories import make_authenticator, make_user
from tests.two_factor import code_of, wrong_code

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 25, 12, 0, 0, tzinfo=UTC)


@pytest.fixture
def authenticator() -> Authenticator:
    return make_authenticator(make_user(email="dana@northwind.example"))


def takes(authenticator: Authenticator, code: str) -> bool:
    """Verify as the portal does: on a fresh, locked row."""
    return verify_token(authenticator.user, authenticator.persistent_id, code) is not None


@pytest.mark.parametrize(
    ("seconds", "taken"), [(0, True), (-30, True), (30, True), (-60, False), (60, False)]
)
def test_clocks_may_differ_by_half_a_minute(authenticator: Authenticator, seconds: int, taken: bool) -> None:
    with time_machine.travel(NOON, tick=False):
        assert takes(authenticator, code_of(authenticator, later=seconds)) is taken


def test_spaces_do_not_matter(authenticator: Authenticator) -> None:
    code = code_of(authenticator)
    assert takes(authenticator, f" {code[:3]} {code[3:]} ")


def test_a_code_is_taken_once(authenticator: Authenticator) -> None:
    with time_machine.travel(NOON, tick=False):
        code = code_of(authenticator)
        assert takes(authenticator, code)
        assert not takes(authenticator, code)


def test_nor_is_an_older_one_after_it(authenticator: Authenticator) -> None:
    with time_machine.travel(NOON, tick=False):
        older = code_of(authenticator, later=-30)
        assert takes(authenticator, code_of(authenticator))
        assert not takes(authenticator, older)


@pytest.mark.parametrize(
    "nonsense", ["", "abc", "12345", "1234567", "١٢٣٤٥٦", "1e5", "-12345", "0x1234", "\0"]
)
def test_nonsense_is_not_taken(authenticator: Authenticator, nonsense: str) -> None:
    assert not takes(authenticator, nonsense)


def test_wrong_codes_make_the_right_one_wait(authenticator: Authenticator) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        for _ in range(3):
            takes(authenticator, wrong_code(authenticator))
            clock.shift(10)
        takes(authenticator, wrong_code(authenticator))
        clock.shift(7)
        assert not takes(authenticator, code_of(authenticator))
        clock.shift(2)
        assert takes(authenticator, code_of(authenticator))


def test_a_stranger_shuts_nobody_out_for_longer_than_an_hour(authenticator: Authenticator) -> None:
    authenticator.throttling_failure_count = 500
    authenticator.throttle_increment()
    assert authenticator.throttling_failure_count == MOST_FAILURES
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=1), tick=False):
        assert takes(authenticator, code_of(authenticator))


def test_a_recovery_code_is_taken_once(authenticator: Authenticator) -> None:
    codes = authenticator.make_recovery_codes()
    authenticator.save()
    assert len(set(codes)) == RECOVERY_CODES
    with time_machine.travel(NOON, tick=False) as clock:
        assert takes(authenticator, codes[3].upper().replace("-", " "))
        assert not takes(authenticator, codes[3])
        clock.shift(60)
        assert takes(authenticator, codes[4])


def test_new_recovery_codes_end_the_old_ones(authenticator: Authenticator) -> None:
    old = authenticator.make_recovery_codes()[0]
    authenticator.make_recovery_codes()
    authenticator.save()
    assert not takes(authenticator, old)


def test_the_database_holds_neither_key_nor_codes(authenticator: Authenticator) -> None:
    codes = authenticator.make_recovery_codes()
    authenticator.save()
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM portal_authenticator")
        row = str(cursor.fetchone())
    assert "portal_authenticator" not in row
    assert [each for each in (authenticator.key, *codes, *map(plain, codes)) if each in row] == []


def test_enrolling_again_replaces_only_what_was_not_confirmed() -> None:
    user = make_user()
    first = Authenticator.enrol(user)
    assert Authenticator.enrol(user).key != first.key
    assert Authenticator.objects.filter(user=user).count() == 1


def test_apps_read_name_key_and_issuer(authenticator: Authenticator) -> None:
    assert authenticator.address == (
        f"otpauth://totp/Cr3dentials%3Adana@northwind.example?secret={authenticator.key}&issuer=Cr3dentials"
    )


def test_a_qr_code_needs_no_style_and_is_black_on_white() -> None:
    drawn = qr.svg("otpauth://totp/x?secret=ABC")
    assert drawn.startswith("<svg")
    assert "style" not in drawn
    assert ('fill="#fff"' in drawn, 'stroke="#000"' in drawn) == (True, True)


@given(st.text(max_size=60))
def test_what_is_typed_around_a_code_does_not_matter(text: str) -> None:
    assert plain(plain(text)) == plain(text)
    assert plain(f" {text}-") == plain(text)
    assert is_recovery_code(text) == (len(plain(text)) > 6)
