"""What administrators change stands in the trail of the partners that it concerns."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db.models import Model
from django.test import Client

from portal import audit
from portal.models import AuditEntry, Authenticator, Invitation, Membership, Partner, User
from tests.admin import opened, queries, refused, url_of
from tests.factories import (
    PASSWORD,
    make_authenticator,
    make_invitation,
    make_member,
    make_partner,
    make_user,
    make_webhook,
)
from webhooks.models import Webhook

pytestmark = pytest.mark.django_db

ADMIN = "admin@example.com"


@pytest.fixture
def member() -> Membership:
    return make_member(user=make_user(email="sam@northwind.example"), role="viewer")


def trail(partner: Partner) -> list[str]:
    entries = AuditEntry.objects.filter(partner=partner).order_by("pk")
    return [f"{entry} ({entry.detail})" for entry in entries]


def inline(member: Membership, **changes: str) -> dict[str, str]:
    """Return the form of a user with one membership."""
    return {
        "email": member.user.email,
        "is_active": "on",
        "memberships-TOTAL_FORMS": "1",
        "memberships-INITIAL_FORMS": "1",
        "memberships-0-id": str(member.pk),
        "memberships-0-user": str(member.user_id),
        "memberships-0-partner": str(member.partner_id),
        "memberships-0-role": member.role,
        **changes,
    }


def test_a_partner(admin_client: Client) -> None:
    partner = make_partner(name="Northwind", slug="northwind")
    form = {"name": "Northwind Lending", "slug": "northwind", "requires_two_factor": "on"}
    form |= {"memberships-TOTAL_FORMS": "0", "memberships-INITIAL_FORMS": "0"}
    admin_client.post(url_of(Partner, "change", partner.pk), form)
    assert trail(partner) == [
        f"{ADMIN} changed Northwind Lending (by an administrator, Name, Requires two factor)"
    ]


def test_a_membership(admin_client: Client, member: Membership) -> None:
    form = {"partner": str(member.partner_id), "user": str(member.user_id), "role": "owner"}
    admin_client.post(url_of(Membership, "change", member.pk), form)
    admin_client.post(url_of(Membership, "delete", member.pk), {"post": "yes"})
    admin_client.post(url_of(Membership, "add"), form)
    assert trail(member.partner) == [
        f"{ADMIN} changed {member} (by an administrator, Role)",
        f"{ADMIN} deleted {member} (by an administrator)",
        f"{ADMIN} created {member} (by an administrator)",
    ]


def test_what_is_deleted_by_the_dozen(admin_client: Client, member: Membership) -> None:
    other = make_member(partner=member.partner)
    form = {
        "action": "delete_selected",
        "_selected_action": [str(member.pk), str(other.pk)],
        "post": "yes",
    }
    admin_client.post(url_of(Membership, "changelist"), form)
    assert not member.partner.memberships.exists()
    assert len(trail(member.partner)) == 2


def test_a_membership_beside_its_user(admin_client: Client, member: Membership) -> None:
    page = url_of(User, "change", member.user_id)
    admin_client.post(page, inline(member, **{"memberships-0-role": "owner"}))
    admin_client.post(page, inline(member, **{"memberships-0-DELETE": "on"}))
    assert trail(member.partner) == [
        f"{ADMIN} changed {member} (by an administrator, role)",
        f"{ADMIN} deleted {member} (by an administrator)",
    ]


def test_a_user_at_each_of_their_partners(admin_client: Client, member: Membership) -> None:
    other = make_member(user=member.user)
    form = inline(member, is_active="", name="Sam") | {
        "memberships-TOTAL_FORMS": "2",
        "memberships-INITIAL_FORMS": "2",
        "memberships-1-id": str(other.pk),
        "memberships-1-user": str(other.user_id),
        "memberships-1-partner": str(other.partner_id),
        "memberships-1-role": other.role,
    }
    admin_client.post(url_of(User, "change", member.user_id), form)
    for each in (member, other):
        assert trail(each.partner) == [
            f"{ADMIN} changed sam@northwind.example (by an administrator, Name, Is active)"
        ]


def test_a_users_password_without_saying_which(admin_client: Client, member: Membership) -> None:
    form = {"usable_password": "true", "password1": PASSWORD, "password2": PASSWORD}
    admin_client.post(f"/admin/portal/user/{member.user_id}/password/", form)
    (entry,) = trail(member.partner)
    assert entry == f"{ADMIN} changed sam@northwind.example (by an administrator, password)"
    assert PASSWORD not in entry


def test_a_user_who_is_deleted(admin_client: Client, member: Membership) -> None:
    admin_client.post(url_of(User, "delete", member.user_id), {"post": "yes"})
    assert not User.objects.filter(pk=member.user_id).exists()
    assert trail(member.partner) == [f"{ADMIN} deleted sam@northwind.example (by an administrator)"]


def test_a_webhook(admin_client: Client) -> None:
    webhook = make_webhook()
    off = {"initial-is_active": "True", "headers-TOTAL_FORMS": "0", "headers-INITIAL_FORMS": "0"}
    admin_client.post(url_of(Webhook, "change", webhook.pk), off)
    admin_client.post(url_of(Webhook, "delete", webhook.pk), {"post": "yes"})
    assert trail(webhook.partner) == [
        f"{ADMIN} changed {webhook.host} (by an administrator, Active)",
        f"{ADMIN} deleted {webhook.host} (by an administrator)",
    ]


def test_saving_without_a_change_is_none(admin_client: Client, member: Membership) -> None:
    admin_client.post(url_of(User, "change", member.user_id), inline(member))
    assert trail(member.partner) == []


def test_looking_is_no_change(admin_client: Client, member: Membership) -> None:
    opened(admin_client, url_of(User, "change", member.user_id))
    assert trail(member.partner) == []


# --- Two-factor --------------------------------------------------------------------------------------


def test_a_lost_second_factor_is_taken_away_and_everybody_reads_of_it(
    admin_client: Client, member: Membership
) -> None:
    authenticator = make_authenticator(member.user)
    page = opened(admin_client, url_of(Authenticator, "change", authenticator.pk))
    assert authenticator.key not in page
    admin_client.post(url_of(Authenticator, "delete", authenticator.pk), {"post": "yes"})
    assert not Authenticator.objects.exists()
    assert trail(member.partner) == [
        f"{ADMIN} turned two-factor off for sam@northwind.example (by an administrator)"
    ]


def test_support_cannot_take_an_administrators_second_factor(client: Client) -> None:
    support = make_user(is_staff=True)
    support.user_permissions.set(Permission.objects.filter(content_type__model="authenticator"))
    client.force_login(support)
    administrators, members = (make_authenticator(make_user(is_staff=is_staff)) for is_staff in (True, False))
    assert refused(client, url_of(Authenticator, "delete", administrators.pk))
    client.post(
        url_of(Authenticator, "changelist"),
        {
            "action": "delete_selected",
            "_selected_action": [str(administrators.pk)],
            "post": "yes",
        },
    )
    assert Authenticator.objects.filter(pk=administrators.pk).exists()
    opened(client, url_of(Authenticator, "delete", members.pk))


# --- The lists ---------------------------------------------------------------------------------------


def make_entry() -> AuditEntry:
    webhook = make_webhook()
    audit.record(audit.Action.CHANGED, webhook, by="dana@northwind.example", partner=webhook.partner)
    return AuditEntry.objects.get(partner=webhook.partner)


MAKERS: dict[type[Model], Callable[[], Any]] = {AuditEntry: make_entry, Invitation: make_invitation}


@pytest.mark.parametrize("model", MAKERS)
def test_a_list_is_only_looked_at_and_costs_the_same(admin_client: Client, model: type[Model]) -> None:
    row = MAKERS[model]()
    page = url_of(model, "changelist")
    before = queries(admin_client, page)
    for _ in range(5):
        MAKERS[model]()
    assert queries(admin_client, page) == before
    assert refused(admin_client, url_of(model, "add"))
    assert refused(admin_client, url_of(model, "delete", row.pk))
    assert 'name="_save"' not in opened(admin_client, url_of(model, "change", row.pk))


@pytest.mark.parametrize("model", MAKERS)
def test_rows_are_found_by_id_and_by_partner(admin_client: Client, model: type[Model]) -> None:
    found, other = MAKERS[model](), MAKERS[model]()
    for term in (found.public_id, found.partner.slug):
        page = opened(admin_client, url_of(model, "changelist"), {"q": term})
        assert url_of(model, "change", found.pk) in page
        assert url_of(model, "change", other.pk) not in page


def test_an_invitations_secret_is_nowhere(admin_client: Client) -> None:
    invitation = make_invitation()
    page = opened(admin_client, url_of(Invitation, "change", invitation.pk))
    assert invitation.token_hash not in page
