"""Inviting, joining, changing roles, removing: what each does, and what it refuses."""

from collections.abc import Callable
from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.utils import timezone

from portal import people
from portal.models import AuditEntry, Invitation, Membership, User
from portal.people import RefusedError
from tests.factories import PASSWORD, make_invitation, make_member, make_partner, make_user

pytestmark = pytest.mark.django_db

SAM = "sam@northwind.example"


@pytest.fixture
def owner() -> Membership:
    return make_member(user=make_user(email="dana@northwind.example"))


def trail() -> list[str]:
    """Return the trail as sentences, oldest first."""
    return [f"{entry} ({entry.detail})" for entry in AuditEntry.objects.order_by("pk")]


# --- Inviting ----------------------------------------------------------------------------------------


def test_an_invitation_is_open_for_seven_days(owner: Membership) -> None:
    invitation, token = people.invite(email=SAM, role="viewer", by=owner)
    assert people.find(token) == invitation
    with time_machine.travel(timezone.now() + timedelta(days=6, hours=23), tick=False):
        assert people.find(token) == invitation
    with time_machine.travel(timezone.now() + timedelta(days=7, seconds=1), tick=False):
        assert people.find(token) is None


def test_the_database_does_not_hold_what_opens_it(owner: Membership) -> None:
    invitation, token = people.invite(email=SAM, role="viewer", by=owner)
    assert token not in str(Invitation.objects.values().get(pk=invitation.pk))


def test_inviting_is_in_the_trail(owner: Membership) -> None:
    people.invite(email=SAM, role="viewer", by=owner)
    assert trail() == [f"dana@northwind.example invited {SAM} (as viewer)"]


def test_a_member_is_not_invited(owner: Membership) -> None:
    make_member(partner=owner.partner, user=make_user(email=SAM))
    with pytest.raises(RefusedError, match="is a member already"):
        people.invite(email="Sam@Northwind.example", role="viewer", by=owner)


def test_nobody_is_invited_twice(owner: Membership) -> None:
    people.invite(email=SAM, role="viewer", by=owner)
    with pytest.raises(RefusedError, match="Resend or withdraw"):
        people.invite(email="Sam@northwind.example", role="owner", by=owner)


def test_two_partners_may_invite_the_same_address(owner: Membership) -> None:
    for each in (owner, make_member()):
        people.invite(email=SAM, role="viewer", by=each)
    assert Invitation.objects.open().count() == 2


@pytest.mark.parametrize("role", ["developer", "viewer"])
def test_only_owners_decide_even_where_a_view_forgot_to_ask(role: str) -> None:
    somebody = make_member(role=role)
    with pytest.raises(PermissionDenied, match="no longer an owner"):
        people.invite(email=SAM, role="viewer", by=somebody)


# --- Floods ------------------------------------------------------------------------------------------


def test_a_partner_sends_so_many_a_day(owner: Membership, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "PER_PARTNER", 2)
    for number in range(2):
        people.invite(email=f"{number}@example.com", role="viewer", by=owner)
    with pytest.raises(RefusedError, match="Go on tomorrow"):
        people.invite(email=SAM, role="viewer", by=owner)
    people.invite(email=SAM, role="viewer", by=make_member())
    with time_machine.travel(timezone.now() + timedelta(days=1, seconds=1), tick=False):
        people.invite(email=SAM, role="viewer", by=owner)


def test_inviting_and_withdrawing_in_turn_is_counted_too(owner: Membership) -> None:
    for _ in range(people.PER_PARTNER_AND_ADDRESS):
        invitation, _token = people.invite(email=SAM, role="viewer", by=owner)
        people.withdraw(invitation, by=owner)
    with pytest.raises(RefusedError, match="spam folder"):
        people.invite(email=SAM.upper(), role="viewer", by=owner)


def test_a_refused_resend_leaves_the_old_link_open(owner: Membership) -> None:
    for _ in range(people.PER_PARTNER_AND_ADDRESS - 1):
        invitation, _token = people.invite(email=SAM, role="viewer", by=owner)
        people.withdraw(invitation, by=owner)
    invitation, token = people.invite(email=SAM, role="viewer", by=owner)
    with pytest.raises(RefusedError, match="spam folder"):
        people.resend(invitation, by=owner)
    assert people.find(token) == invitation


def test_an_address_gets_so_many_a_day_from_all_partners(owner: Membership) -> None:
    for _ in range(people.PER_ADDRESS):
        make_invitation(email=SAM)
    with pytest.raises(RefusedError, match="another can be sent tomorrow"):
        people.invite(email=SAM, role="viewer", by=owner)


def test_one_partner_cannot_use_up_an_address_for_the_others(owner: Membership) -> None:
    assert people.PER_PARTNER_AND_ADDRESS * 2 < people.PER_ADDRESS
    for _ in range(people.PER_PARTNER_AND_ADDRESS):
        make_invitation(email=SAM, partner=owner.partner, withdrawn_at=timezone.now())
    people.invite(email=SAM, role="viewer", by=make_member())


# --- Resending, withdrawing --------------------------------------------------------------------------


def test_resending_makes_a_new_link_and_ends_the_old_one(owner: Membership) -> None:
    invitation, old = people.invite(email=SAM, role="developer", by=owner)
    with time_machine.travel(timezone.now() + timedelta(days=30), tick=False):
        again, new = people.resend(invitation, by=owner)
        assert (people.find(old), people.find(new)) == (None, again)
    assert trail()[-1] == f"dana@northwind.example invited {SAM} (again, as developer)"


def test_withdrawing_ends_the_link(owner: Membership) -> None:
    invitation, token = people.invite(email=SAM, role="developer", by=owner)
    people.withdraw(invitation, by=owner)
    assert people.find(token) is None
    assert trail()[-1] == f"dana@northwind.example withdrew the invitation of {SAM} ()"


@pytest.mark.parametrize("change", [people.resend, people.withdraw])
def test_what_has_ended_is_neither_resent_nor_withdrawn(
    owner: Membership, change: Callable[..., object]
) -> None:
    invitation = make_invitation(partner=owner.partner, accepted_at=timezone.now())
    with pytest.raises(RefusedError, match="in the meantime"):
        change(invitation, by=owner)


# --- Joining -----------------------------------------------------------------------------------------


def test_accepting_makes_a_member_once(owner: Membership) -> None:
    invitation, token = people.invite(email=SAM, role="developer", by=owner)
    member = people.accept(invitation, make_user(email=SAM))
    assert (member.partner, member.role) == (owner.partner, "developer")
    assert people.find(token) is None
    with pytest.raises(RefusedError):
        people.accept(invitation, make_user())
    assert trail()[-1] == f"{SAM} joined {owner.partner} (as developer)"


@pytest.mark.parametrize("ended", [{"withdrawn_at": timezone.now()}, {"expires_at": timezone.now()}])
def test_an_invitation_that_ended_meanwhile_makes_nobody_a_member(ended: dict[str, Any]) -> None:
    invitation = make_invitation(**ended)
    with pytest.raises(RefusedError):
        people.sign_up(invitation, name="Sam", password=PASSWORD)
    assert not User.objects.filter(email=invitation.email).exists()


def test_whoever_became_a_member_meanwhile_keeps_their_role() -> None:
    member = make_member(role="viewer")
    invitation = make_invitation(partner=member.partner, role="owner")
    assert people.accept(invitation, member.user).role == "viewer"


# --- Roles -------------------------------------------------------------------------------------------


def test_a_role_is_changed_and_the_trail_says_from_what_to_what(owner: Membership) -> None:
    sam = make_member(partner=owner.partner, user=make_user(email=SAM), role="viewer")
    people.change_role(sam, "developer", by=owner)
    assert Membership.objects.get(pk=sam.pk).role == "developer"
    assert trail() == [f"dana@northwind.example changed the role of {SAM} (viewer → developer)"]


def test_the_same_role_again_is_no_change(owner: Membership) -> None:
    people.change_role(make_member(partner=owner.partner, role="viewer"), "viewer", by=owner)
    assert trail() == []


LAST_OWNERS_WAYS: dict[str, Callable[[Membership], object]] = {
    "demoted": lambda owner: people.change_role(owner, "viewer", by=owner),
    "removed": lambda owner: people.remove(owner, by=owner),
    "leaving": people.leave,
}


@pytest.mark.parametrize("way", LAST_OWNERS_WAYS)
def test_the_last_owner_stays_one(way: str, owner: Membership) -> None:
    make_member(partner=owner.partner, role="developer")
    make_member(partner=owner.partner, user=make_user(is_active=False))
    with pytest.raises(RefusedError, match="Make somebody else an owner first"):
        LAST_OWNERS_WAYS[way](owner)
    assert Membership.objects.get(pk=owner.pk).role == "owner"
    assert trail() == []


@pytest.mark.parametrize("way", LAST_OWNERS_WAYS)
def test_one_of_two_owners_need_not(way: str, owner: Membership) -> None:
    make_member(partner=owner.partner)
    LAST_OWNERS_WAYS[way](owner)
    assert owner.partner.memberships.filter(role="owner").count() == 1


def test_whoever_was_demoted_meanwhile_decides_nothing_more(owner: Membership) -> None:
    other = make_member(partner=owner.partner)
    people.change_role(owner, "developer", by=other)
    with pytest.raises(PermissionDenied):
        people.change_role(other, "viewer", by=owner)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("bystander", [False, True])
def test_two_owners_who_demote_each_other_at_once_do_not_both_win(bystander: bool) -> None:
    partner = make_partner()
    first, second = make_member(partner=partner), make_member(partner=partner)
    if bystander:
        make_member(partner=partner)
    together, lost = Barrier(2), []

    def demote(whom: Membership, by: Membership) -> None:
        try:
            together.wait()
            people.change_role(whom, "viewer", by=by)
        except (RefusedError, PermissionDenied) as error:
            lost.append(error)
        finally:
            connection.close()

    threads = [Thread(target=demote, args=pair) for pair in ((first, second), (second, first))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    owners = partner.memberships.filter(role="owner").count()
    assert (len(lost), owners) == (1, 2 if bystander else 1)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_link_opened_twice_at_once_makes_one_member() -> None:
    invitation, users = make_invitation(), [make_user(), make_user()]
    together, lost = Barrier(2), []

    def accept(user: User) -> None:
        try:
            together.wait()
            people.accept(invitation, user)
        except RefusedError as error:
            lost.append(error)
        finally:
            connection.close()

    threads = [Thread(target=accept, args=[user]) for user in users]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(lost), invitation.partner.memberships.count()) == (1, 1)


# --- Removing, leaving -------------------------------------------------------------------------------


def test_removing_is_in_the_trail(owner: Membership) -> None:
    sam = make_member(partner=owner.partner, user=make_user(email=SAM), role="viewer")
    people.remove(sam, by=owner)
    assert not owner.partner.memberships.filter(user=sam.user).exists()
    assert trail() == [f"dana@northwind.example removed {SAM} (viewer)"]


def test_leaving_is_in_the_trail(owner: Membership) -> None:
    sam = make_member(partner=owner.partner, user=make_user(email=SAM), role="viewer")
    people.leave(sam)
    assert trail() == [f"{SAM} left {owner.partner} ()"]


# --- Two-factor for everybody ------------------------------------------------------------------------


def test_requiring_two_factor_is_in_the_trail_once(owner: Membership) -> None:
    for required in (True, True, False):
        people.require_two_factor(required=required, by=owner)
    assert trail() == [
        f"dana@northwind.example made two-factor a must at {owner.partner} ()",
        f"dana@northwind.example left two-factor to the members of {owner.partner} ()",
    ]
