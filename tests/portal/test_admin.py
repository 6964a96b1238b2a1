"""Administration of partners and people."""

import pytest
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.db.models import Model
from django.test import Client

from portal.admin import BoundedPaginator
from portal.models import Membership, Partner, User
from tests.admin import opened, queries, refused, url_of
from tests.factories import PASSWORD, make_member, make_partner, make_user

pytestmark = pytest.mark.django_db

MODELS = [Partner, Membership, User]

NO_MEMBERSHIPS = {"memberships-TOTAL_FORMS": "0", "memberships-INITIAL_FORMS": "0"}


def row_of(model: type[Model], member: Membership) -> Model:
    return {Partner: member.partner, User: member.user}.get(model, member)


@pytest.fixture
def support(client: Client) -> Client:
    """Somebody who may change users, and is no superuser."""
    user = make_user(is_staff=True)
    user.user_permissions.set(Permission.objects.filter(content_type__model="user"))
    client.force_login(user)
    return client


def test_the_front_page_lists_what_there_is(admin_client: Client) -> None:
    page = opened(admin_client, "/admin/")
    assert all(text in page for text in ("Partners", "Users", "Webhooks", "Deliveries", "Attempts"))


@pytest.mark.parametrize("model", MODELS)
def test_every_page_opens(admin_client: Client, model: type[Model]) -> None:
    row = row_of(model, make_member(user=make_user(email="dana@northwind.example")))
    assert str(row) in opened(admin_client, url_of(model, "change", row.pk))
    opened(admin_client, url_of(model, "changelist"))
    opened(admin_client, url_of(model, "add"))
    opened(admin_client, url_of(model, "history", row.pk))


@pytest.mark.parametrize("model", MODELS)
def test_searching_finds_and_leaves_out(admin_client: Client, model: type[Model]) -> None:
    found, other = (
        row_of(model, make_member(partner=make_partner(name=name), user=make_user(name=name)))
        for name in ("Northwind", "Contoso")
    )
    page = opened(admin_client, url_of(model, "changelist"), {"q": "northw"})
    assert url_of(model, "change", found.pk) in page
    assert url_of(model, "change", other.pk) not in page


@pytest.mark.parametrize("model", MODELS)
def test_a_list_costs_the_same_however_long_it_is(admin_client: Client, model: type[Model]) -> None:
    make_member()
    before = queries(admin_client, url_of(model, "changelist"))
    for _ in range(5):
        make_member()
    assert queries(admin_client, url_of(model, "changelist")) == before


def test_a_partner_costs_the_same_however_many_members_it_has(admin_client: Client) -> None:
    partner = make_member().partner
    page = url_of(Partner, "change", partner.pk)
    before = queries(admin_client, page)
    for _ in range(5):
        make_member(partner=partner)
    assert queries(admin_client, page) == before


def test_a_partner_is_not_deleted(admin_client: Client) -> None:
    partner = make_partner()
    assert refused(admin_client, url_of(Partner, "delete", partner.pk))


def test_a_user_is_created_with_a_membership_and_without_a_password(admin_client: Client) -> None:
    partner = make_partner()
    form = {
        "email": "dana@northwind.example",
        "usable_password": "false",
        "memberships-TOTAL_FORMS": "1",
        "memberships-INITIAL_FORMS": "0",
        "memberships-0-partner": str(partner.pk),
        "memberships-0-role": "owner",
    }
    admin_client.post(url_of(User, "add"), form)
    member = Membership.objects.get(partner=partner, user__email="dana@northwind.example")
    assert member.role == Membership.Role.OWNER
    assert not member.user.has_usable_password()


def test_a_user_is_created_with_a_password(admin_client: Client) -> None:
    form = {
        "email": "dana@northwind.example",
        "usable_password": "true",
        "password1": PASSWORD,
        "password2": PASSWORD,
        **NO_MEMBERSHIPS,
    }
    admin_client.post(url_of(User, "add"), form)
    assert User.objects.get(email="dana@northwind.example").check_password(PASSWORD)


def test_an_address_that_is_taken_in_another_case_is_refused_in_words(admin_client: Client) -> None:
    make_user(email="dana@northwind.example")
    form = {"email": "Dana@northwind.example", "usable_password": "false", **NO_MEMBERSHIPS}
    response = admin_client.post(url_of(User, "add"), form)
    assert "Somebody already logs in with this e-mail address." in response.content.decode()


def test_a_password_hash_is_not_shown(admin_client: Client) -> None:
    user = make_user(password=PASSWORD)
    assert user.password.split("$")[-1] not in opened(admin_client, url_of(User, "change", user.pk))


def test_support_cannot_make_itself_administrator(support: Client) -> None:
    user = make_user()
    page = opened(support, url_of(User, "change", user.pk))
    assert 'name="is_active"' in page
    assert 'name="is_superuser"' not in page
    assert 'name="is_staff"' not in page


def test_support_cannot_set_an_administrators_password(support: Client) -> None:
    administrator = make_user(is_staff=True, is_superuser=True)
    assert refused(support, f"/admin/portal/user/{administrator.pk}/password/")


def test_members_do_not_enter(client: Client) -> None:
    client.force_login(make_member().user)
    assert client.get("/admin/").status_code == 302


def test_paging_never_counts_beyond_its_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(BoundedPaginator, "MOST", 3)
    for _ in range(5):
        make_partner()
    assert BoundedPaginator(Partner.objects.order_by("pk"), 2).count == 3


def test_the_admin_is_sound() -> None:
    call_command("check", "--tag", "admin", fail_level="WARNING")
