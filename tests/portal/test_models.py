"""Partners, users and memberships."""

import pytest
from django.contrib.auth import authenticate
from django.core.exceptions import ValidationError
from django.db import IntegrityError

from portal.models import Membership, User
from tests.factories import PASSWORD, make_member, make_partner, make_user

pytestmark = pytest.mark.django_db


def test_a_user_is_found_whatever_the_case_of_their_address() -> None:
    user = make_user(email="Dana@Northwind.example", password=PASSWORD)
    assert authenticate(username="dana@northwind.EXAMPLE", password=PASSWORD) == user


def test_an_address_belongs_to_one_user_whatever_its_case() -> None:
    make_user(email="dana@northwind.example")
    with pytest.raises(IntegrityError):
        make_user(email="DANA@northwind.example")


def test_a_form_says_that_an_address_is_taken() -> None:
    make_user(email="dana@northwind.example")
    with pytest.raises(ValidationError, match="Somebody already logs in with this e-mail address"):
        User(email="DANA@northwind.example", password="-").full_clean()


def test_a_user_without_a_password_cannot_log_in() -> None:
    user = make_user(email="dana@northwind.example")
    assert not user.has_usable_password()


def test_a_superuser_may_enter_the_admin() -> None:
    user = User.objects.create_superuser("admin@portal.example", PASSWORD)
    assert user.is_staff
    assert user.is_superuser


@pytest.mark.parametrize(("role", "may"), [("owner", True), ("developer", True), ("viewer", False)])
def test_owners_and_developers_may_change_webhooks(role: str, may: bool) -> None:
    assert make_member(role=role).can_edit is may


def test_nobody_is_twice_a_member_of_one_partner() -> None:
    member = make_member()
    with pytest.raises(IntegrityError):
        Membership.objects.create(partner=member.partner, user=member.user)


def test_one_user_may_belong_to_several_partners() -> None:
    user = make_user()
    for _ in range(2):
        make_member(partner=make_partner(), user=user)
    assert user.memberships.count() == 2


def test_objects_are_called_by_what_people_call_them() -> None:
    member = make_member(
        partner=make_partner(name="Northwind"), user=make_user(email="dana@northwind.example")
    )
    assert str(member) == "dana@northwind.example at Northwind"
