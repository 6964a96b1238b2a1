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
