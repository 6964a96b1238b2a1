"""Turning two-factor on and off, and its recovery codes."""

import re
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from portal import throttle
from portal.models import AuditEntry, Authenticator, Membership, User
from tests.factories import PASSWORD, make_authenticator, make_member, make_user
from tests.two_factor import code_of, log_in, wrong_code

pytestmark = pytest.mark.django_db

PAGE = "/profile/two-factor/"


@pytest.fixture(autouse=True)
def nothing_counted() -> None:
    cache.clear()


@pytest.fixture
def member() -> Membership:
    return make_member(user=make_user(email="dana@northwind.example", password=PASSWORD), role="viewer")


@pytest.fixture
def user(member: Membership) -> User:
    return member.user


@pytest.fixture
def client(user: User, client: Client) -> Client:
    client.force_login(user)
    return client


@pytest.fixture
def verified(user: User) -> Client:
    """Return the browser of somebody who logged in with a code."""
    client = Client()
    assert log_in(client, user, code=code_of(make_authenticator(user))).status_code == 302
    return client


def shown(response: Any) -> str:
    return str(response.content.decode())


def enrolled(client: Client) -> Authenticator:
    client.post(PAGE)
    authenticator: Authenticator = Authenticator.objects.get()
    return authenticator


def codes_in(page: str) -> list[str]:
    return re.findall(r"\b(?:[a-z2-7]{4}-){3}[a-z2-7]{4}\b", page.partition("</pre>")[0])


# --- On ----------------------------------------------------------------------------------------------


def test_looking_turns_nothing_on(client: Client) -> None:
    assert "Turn on two-factor" in shown(client.get(PAGE))
    assert not Authenticator.objects.exists()


def test_it_shows_a_qr_code_and_the_key(client: Client) -> None:
    page = shown(client.post(PAGE, follow=True))
    authenticator = Authenticator.objects.get()
    assert authenticator.key in page
    assert "<svg viewBox" in page
    assert 'aria-label="QR code of the key below"' in page
    assert " style=" not in page


def test_it_is_on_only_after_a_code(client: Client) -> None:
    authenticator = enrolled(client)
    assert Client().login(username="dana@northwind.example", password=PASSWORD)
    page = shown(client.post(PAGE + "confirm/", {"code": wrong_code(authenticator)}))
    assert "Wait until your app shows the next code" in page
    assert authenticator.key in page
    authenticator.refresh_from_db()
    assert not authenticator.confirmed


def test_a_code_turns_it_on_and_shows_the_recovery_codes_once(client: Client, user: User) -> None:
    authenticator, before = enrolled(client), client.session.session_key
    response = client.post(PAGE + "confirm/", {"code": code_of(authenticator)})
    codes = codes_in(shown(response))
    assert len(set(codes)) == 10
    assert "no-store" in response["Cache-Control"]
    assert f"data:text/plain;charset=utf-8,{'%0A'.join(codes)}%0A" in shown(response)
    assert client.session.session_key != before
    assert client.get("/webhooks/").status_code == 200
    assert codes_in(shown(client.get(PAGE))) == []
    assert log_in(Client(), user, code=codes[0]).status_code == 302


def test_other_sessions_end_with_it(client: Client, user: User) -> None:
    other = Client()
    other.force_login(user)
    client.post(PAGE + "confirm/", {"code": code_of(enrolled(client))})
    assert other.get("/webhooks/").status_code == 302


def test_the_code_that_turned_it_on_does_not_log_in(client: Client, user: User) -> None:
    code = code_of(enrolled(client))
    client.post(PAGE + "confirm/", {"code": code})
    assert log_in(Client(), user, code=code).status_code == 200


def test_it_stands_in_the_trail_of_each_partner(client: Client, user: User) -> None:
    make_member(user=user)
    client.post(PAGE + "confirm/", {"code": code_of(enrolled(client))})
    assert [entry.action for entry in AuditEntry.objects.all()] == ["two_factor_on"] * 2
    assert len(set(AuditEntry.objects.values_list("partner"))) == 2


@pytest.mark.parametrize("code", ["", "abc"])
def test_no_code_is_refused_in_words(client: Client, code: str) -> None:
    enrolled(client)
    page = shown(client.post(PAGE + "confirm/", {"code": code}))
    assert "errorlist" in page


def test_a_code_without_a_key_leads_back(client: Client) -> None:
    assert client.post(PAGE + "confirm/", {"code": "123456"})["Location"] == PAGE


def test_beginning_again_does_not_replace_what_is_on(verified: Client) -> None:
    before = Authenticator.objects.get().key
    verified.post(PAGE)
    assert Authenticator.objects.get().key == before
    assert before not in shown(verified.get(PAGE))


# --- Recovery codes ----------------------------------------------------------------------------------


def test_new_recovery_codes_cost_the_password_and_end_the_old_ones(verified: Client, user: User) -> None:
    authenticator = Authenticator.objects.get()
    old = authenticator.make_recovery_codes()[0]
    authenticator.save()
    assert "Type your password" in shown(verified.get(PAGE + "recovery-codes/"))
    new = codes_in(shown(verified.post(PAGE + "recovery-codes/", {"password": PASSWORD})))
    assert len(new) == 10
    assert log_in(Client(), user, code=new[0]).status_code == 302
    assert log_in(Client(), user, code=old).status_code == 200
    assert AuditEntry.objects.last().action == "recovery_codes_made"  # type: ignore[union-attr]


# --- Off ---------------------------------------------------------------------------------------------


def test_turning_it_off_costs_the_password(verified: Client, user: User) -> None:
    assert "Type your password" in shown(verified.get(PAGE + "off/"))
    page = shown(verified.post(PAGE + "off/", {"password": PASSWORD}, follow=True))
    assert "Two-factor is off." in page
    assert not Authenticator.objects.exists()
    assert AuditEntry.objects.get().action == "two_factor_off"
    fresh = Client()
    fresh.post("/login/", {"username": user.email, "password": PASSWORD})
    assert fresh.get("/webhooks/").status_code == 200


@pytest.mark.parametrize("path", ["off/", "recovery-codes/"])
def test_a_wrong_password_changes_nothing(verified: Client, path: str) -> None:
    before = Authenticator.objects.values().get()
    page = shown(verified.post(PAGE + path, {"password": "wrong"}))
    assert "This is not your current password. Nothing was changed." in page
    assert Authenticator.objects.values().get() == before


def test_the_password_cannot_be_guessed_here_either(
    verified: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(throttle, "PER_NAME_AND_ADDRESS", 2)
    for _ in range(2):
        verified.post(PAGE + "off/", {"password": "wrong"})
    page = shown(verified.post(PAGE + "off/", {"password": PASSWORD}))
    assert "too many wrong passwords. Wait 15 minutes" in page
    assert Authenticator.objects.exists()


@pytest.mark.parametrize("path", ["off/", "recovery-codes/"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_without_two_factor_there_is_nothing_to_turn_off(client: Client, path: str, method: str) -> None:
    assert getattr(client, method)(PAGE + path, {"password": PASSWORD})["Location"] == PAGE


# --- Who ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["", "confirm/", "recovery-codes/", "off/"])
def test_strangers_are_sent_to_the_login(path: str) -> None:
    assert Client().post(PAGE + path)["Location"].startswith("/login/")


def test_a_link_alone_confirms_nothing(client: Client) -> None:
    assert client.get(PAGE + "confirm/").status_code == 405


def test_an_administrator_who_is_no_member_can_turn_it_on() -> None:
    client = Client()
    client.force_login(make_user(is_staff=True))
    assert "The administration opens only to those who use two-factor." in shown(client.get(PAGE))
    response = client.post(PAGE + "confirm/", {"code": code_of(enrolled(client))})
    assert len(codes_in(shown(response))) == 10
