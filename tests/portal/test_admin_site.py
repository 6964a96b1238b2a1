"""The admin's door."""

import pytest
from django.test import Client
from pytest_django import Settings

from portal.models import User
from tests.factories import PASSWORD, make_authenticator, make_member, make_user
from tests.two_factor import code_of, log_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def production(settings: Settings) -> None:
    settings.PRODUCTION = True


@pytest.fixture
def administrator() -> User:
    return make_user(email="admin@example.com", password=PASSWORD, is_staff=True, is_superuser=True)


def test_strangers_come_in_by_the_portals_own_door(client: Client) -> None:
    response = client.get("/admin/webhooks/webhook/", follow=True)
    assert response.redirect_chain[-1][0] == "/login/?next=/admin/webhooks/webhook/"


def test_the_login_leads_back_to_the_admin(client: Client, administrator: User) -> None:
    form = {"username": administrator.email, "password": PASSWORD, "next": "/admin/"}
    assert client.post("/login/", form)["Location"] == "/admin/"
    assert client.get("/admin/").status_code == 200


def test_in_production_nothing_is_seen_without_two_factor(
    client: Client, administrator: User, production: None
) -> None:
    client.force_login(administrator)
    for url in ("/admin/", "/admin/webhooks/webhook/", "/admin/portal/user/"):
        response = client.get(url, follow=True)
        assert response.redirect_chain[-1][0] == "/profile/two-factor/"
        assert "The administration opens only to those who use two-factor." in response.content.decode()


def test_in_production_a_code_opens_it(client: Client, administrator: User, production: None) -> None:
    authenticator = make_authenticator(administrator)
    assert log_in(client, administrator, code=code_of(authenticator), then="/admin/")["Location"] == "/admin/"
    assert client.get("/admin/").status_code == 200
    assert client.get("/admin/login/")["Location"] == "/admin/"


def test_an_administrator_who_uses_two_factor_needs_it_everywhere(
    client: Client, administrator: User
) -> None:
    make_authenticator(administrator)
    client.force_login(administrator)
    assert client.get("/admin/").status_code == 302


def test_members_read_that_it_is_not_theirs(client: Client) -> None:
    client.force_login(make_member().user)
    response = client.get("/admin/", follow=True)
    assert response.status_code == 403
    assert "Only administrators of the portal come in here." in response.content.decode()


def test_its_password_page_is_the_portals(client: Client, administrator: User) -> None:
    client.force_login(administrator)
    assert client.get("/admin/password_change/")["Location"] == "/profile/password/"


@pytest.mark.parametrize("name", ["", "user", "email", "nothing"])
@pytest.mark.parametrize("page", ["", "add/", "1/change/", "1/delete/"])
@pytest.mark.parametrize("model", ["auth/group", "portal/user", "portal/partner", "webhooks/webhook"])
def test_objects_are_asked_for_by_their_id_only(
    client: Client, administrator: User, model: str, page: str, name: str
) -> None:
    client.force_login(administrator)
    url = f"/admin/{model}/{page}"
    assert client.get(url, {"_to_field": name}).status_code == 400
    assert client.post(url, {"_to_field": name}).status_code == 400
    assert client.get(url, {"_to_field": "id"}).status_code < 500


@pytest.mark.parametrize("person", ["1e999", "%00", "0x1", "9" * 400, "²", "-1"])
def test_a_form_that_names_nobody_is_shown_again(client: Client, administrator: User, person: str) -> None:
    client.force_login(administrator)
    membership = make_member()
    for page in ("add/", f"{membership.pk}/change/"):
        url = f"/admin/portal/membership/{page}"
        assert client.get(url, {"partner": person}).status_code == 200
        answer = client.post(url, {"user": person, "partner": membership.partner_id, "role": "owner"})
        assert "Select a valid choice." in answer.content.decode()


@pytest.mark.parametrize("year", ["9" * 40, "0", "-1", "1e9", "²"])
@pytest.mark.parametrize("model", ["portal/user", "webhooks/webhook", "deliveries/alert"])
def test_a_year_that_never_was_breaks_no_list(
    client: Client, administrator: User, model: str, year: str
) -> None:
    client.force_login(administrator)
    for name in ("created_at__year", "created_at__month", "created_at__day"):
        date = {"created_at__year": "2026", "created_at__month": "1", name: year}
        assert client.get(f"/admin/{model}/", date).status_code < 500
