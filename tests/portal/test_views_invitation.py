"""What somebody who was invited meets."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from portal.models import Invitation, Membership, User
from tests.factories import (
    PASSWORD,
    make_authenticator,
    make_invitation,
    make_member,
    make_partner,
    make_user,
    make_webhook,
)
from tests.two_factor import code_of, log_in

pytestmark = pytest.mark.django_db

SAM, TOKEN = "sam@northwind.example", "the-secret-of-the-link"
FORM = {"name": "Sam Okafor", "password1": PASSWORD, "password2": PASSWORD}


@pytest.fixture(autouse=True)
def nothing_counted() -> None:
    cache.clear()


@pytest.fixture
def invitation() -> Invitation:
    partner = make_partner(name="Northwind Lending")
    make_member(partner=partner)
    return make_invitation(
        partner=partner, email=SAM, token=TOKEN, role="viewer", invited_by="dana@northwind.example"
    )


def opened(client: Client, token: str = TOKEN) -> Any:
    """Open the link of the e-mail."""
    return client.get(f"/invitation/{token}/", follow=True)


def shown(response: Any) -> str:
    return str(response.content.decode())


# --- The link ----------------------------------------------------------------------------------------


def test_the_secret_leaves_the_address_at_once(client: Client, invitation: Invitation) -> None:
    response = opened(client)
    assert response.redirect_chain == [("/invitation/", 302)]
    assert TOKEN not in shown(response)
    assert "no-store" in response["Cache-Control"]


def test_opening_it_alone_joins_nobody(client: Client, invitation: Invitation) -> None:
    opened(client)
    client.force_login(make_user(email=SAM))
    opened(client)
    assert not Membership.objects.filter(user__email=SAM).exists()
    assert Invitation.objects.open().exists()


@pytest.mark.parametrize(
    "ended",
    [
        {"accepted_at": timezone.now()},
        {"withdrawn_at": timezone.now()},
        {"expires_at": timezone.now() - timedelta(seconds=1)},
        None,
    ],
    ids=["used", "withdrawn", "expired", "unknown"],
)
@pytest.mark.parametrize("is_member", [False, True])
def test_every_link_that_no_longer_works_says_the_same(
    client: Client, ended: dict[str, Any] | None, is_member: bool
) -> None:
    if is_member:
        client.force_login(make_member().user)
    if ended is not None:
        make_invitation(token=TOKEN, **ended)
    response, never = opened(client), opened(client, "never")
    assert (response.status_code, never.status_code) == (410, 410)
    assert shown(response) == shown(never)
    assert "ask whoever invited you to send it again" in shown(response)


def test_without_a_link_it_says_so_too(client: Client) -> None:
    assert "This invitation no longer works" in shown(client.get("/invitation/"))


# --- Somebody new ------------------------------------------------------------------------------------


def test_somebody_new_chooses_name_and_password_and_is_in(client: Client, invitation: Invitation) -> None:
    page = shown(opened(client))
    for words in ("Join Northwind Lending", "dana@northwind.example", SAM, "Your name", "Password"):
        assert words in page
    webhook = make_webhook(partner=invitation.partner)
    page = shown(client.post("/invitation/", FORM, follow=True))
    assert "Welcome to Northwind Lending. You are here as viewer." in page
    assert webhook.host in page
    user = User.objects.get(email=SAM)
    assert (user.name, user.check_password(PASSWORD)) == ("Sam Okafor", True)
    assert user.memberships.get().role == "viewer"
    assert user.last_login


def test_the_session_gets_a_new_key(client: Client, invitation: Invitation) -> None:
    opened(client)
    before = client.session.session_key
    client.post("/invitation/", FORM)
    assert client.session.session_key != before


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"name": ""}, "Type your name"),
        ({"password1": "short", "password2": "short"}, "at least 12 characters"),
        ({"password1": "password1234", "password2": "password1234"}, "too common"),
        ({"password1": "123456789012", "password2": "123456789012"}, "entirely numeric"),
        ({"password1": SAM, "password2": SAM}, "too similar to the e-mail address"),
        ({"password2": "something else entirely"}, "match"),
    ],
)
def test_what_is_not_good_enough_says_why(
    client: Client, invitation: Invitation, form: dict[str, str], words: str
) -> None:
    opened(client)
    page = shown(client.post("/invitation/", FORM | form))
    assert words in page
    assert not User.objects.filter(email=SAM).exists()
    assert PASSWORD not in page


def test_the_address_is_the_invited_one_whatever_is_sent(client: Client, invitation: Invitation) -> None:
    opened(client)
    client.post("/invitation/", FORM | {"email": "mallory@example.com", "role": "owner"})
    member = invitation.partner.memberships.get(role="viewer")
    assert member.user.email == SAM
    assert not User.objects.filter(email="mallory@example.com").exists()


def test_the_same_link_in_another_browser_opens_nothing_afterwards(
    client: Client, invitation: Invitation
) -> None:
    other = Client()
    opened(other)
    opened(client)
    client.post("/invitation/", FORM)
    assert other.post("/invitation/", FORM | {"password1": "x" * 20}).status_code in {200, 410}
    assert User.objects.get(email=SAM).check_password(PASSWORD)
    assert client.get("/invitation/").status_code == 410


def test_an_account_that_was_made_meanwhile_is_not_taken_over(
    client: Client, invitation: Invitation, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(client)
    exists, made = User.objects.none(), []

    def look_and_lose(**_: Any) -> Any:
        made.append(make_user(email=SAM, password="quite another one"))
        return exists

    with monkeypatch.context() as patched:
        patched.setattr(User.objects, "filter", look_and_lose)
        response = client.post("/invitation/", FORM)
    assert response["Location"] == "/invitation/"
    assert User.objects.get(email=SAM).check_password("quite another one")
    assert f"Log in as <strong>{SAM}</strong>" in shown(client.get("/invitation/"))


# --- Somebody who has an account ---------------------------------------------------------------------


def test_whoever_has_an_account_logs_in_and_joins(client: Client, invitation: Invitation) -> None:
    user = make_user(email="Sam@northwind.example", password=PASSWORD)
    assert "Log in as" in shown(opened(client))
    response = client.post(
        "/login/", {"username": SAM, "password": PASSWORD, "next": "/invitation/"}, follow=True
    )
    assert "You are logged in as" in shown(response)
    assert "Welcome to Northwind Lending" in shown(client.post("/invitation/", follow=True))
    assert user.memberships.get().role == "viewer"


def test_no_password_can_be_set_for_an_account_that_is_there(client: Client, invitation: Invitation) -> None:
    make_user(email=SAM, password="quite another one")
    opened(client)
    client.post("/invitation/", FORM)
    assert User.objects.get(email=SAM).check_password("quite another one")
    assert not Membership.objects.filter(user__email=SAM).exists()


def test_the_second_step_is_asked_for_on_the_way(client: Client, invitation: Invitation) -> None:
    user = make_user(email=SAM, password=PASSWORD)
    authenticator = make_authenticator(user)
    opened(client)
    response = log_in(client, user, code=code_of(authenticator), then="/invitation/")
    assert response["Location"] == "/invitation/"
    assert "Welcome to Northwind Lending" in shown(client.post("/invitation/", follow=True))


def test_a_member_of_another_partner_sees_the_new_one_and_can_switch(
    client: Client, invitation: Invitation
) -> None:
    first = make_member(user=make_user(email=SAM))
    client.force_login(first.user)
    opened(client)
    page = shown(client.post("/invitation/", follow=True))
    assert f'<option value="{invitation.partner.slug}" selected>' in page
    client.post("/partner/", {"partner": first.partner.slug})
    assert f'<option value="{first.partner.slug}" selected>' in shown(client.get("/webhooks/"))


@pytest.mark.parametrize("method", ["get", "post"])
def test_the_wrong_account_reads_which_one_is_meant(
    client: Client, invitation: Invitation, method: str
) -> None:
    client.force_login(make_member(user=make_user(email="kim@northwind.example")).user)
    client.get(f"/invitation/{TOKEN}/")
    response = getattr(client, method)("/invitation/", FORM)
    assert response.status_code == 403
    for words in (SAM, "kim@northwind.example", "Log out, then open the link in the e-mail again"):
        assert words in shown(response)
    assert not Membership.objects.filter(partner=invitation.partner, role="viewer").exists()


def test_a_form_from_elsewhere_joins_nobody(invitation: Invitation) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_user(email=SAM))
    client.get(f"/invitation/{TOKEN}/")
    assert client.post("/invitation/").status_code == 403
    assert not Membership.objects.filter(user__email=SAM).exists()
