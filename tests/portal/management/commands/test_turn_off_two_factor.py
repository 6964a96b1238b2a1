"""`manage.py turn_off_two_factor`."""

import pytest
from django.core.management import CommandError, call_command

from portal.models import AuditEntry, Authenticator
from tests.factories import make_authenticator, make_member, make_user

pytestmark = pytest.mark.django_db

DANA = "dana@northwind.example"


def test_it_turns_two_factor_off_and_leaves_a_trace(capsys: pytest.CaptureFixture[str]) -> None:
    make_authenticator(make_member(user=make_user(email=DANA)).user)
    other = make_authenticator(make_user())
    call_command("turn_off_two_factor", "Dana@northwind.example")
    assert list(Authenticator.objects.all()) == [other]
    assert str(AuditEntry.objects.get()) == f"an operator turned two-factor off for {DANA}"
    assert f"Two-factor is off for {DANA}." in capsys.readouterr().out


def test_somebody_who_does_not_use_it_is_told() -> None:
    make_user(email=DANA)
    with pytest.raises(CommandError, match="does not use two-factor"):
        call_command("turn_off_two_factor", DANA)


def test_a_misspelt_address_is_told() -> None:
    with pytest.raises(CommandError, match="Check the spelling"):
        call_command("turn_off_two_factor", DANA)
