"""What people say about themselves: name and password."""

from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from portal import throttle
from portal.models import AuditEntry, User
from tests.factories import PASSWORD, make_authenticator, make_member, make_user
from tests.two_factor import code_of, log_in

pytestmark = pytest.mark.django_db

NEW = "a quite different horse"
FORM = {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW}


@pytest.fixture(autouse=True)
def nothing_counted() -> None:
    cache.clear()


@pytest.fixture
def user() -> User:
    return make_member(user=make_user(email="dana@northwind.example", password=PASSWORD), role="viewer").user


@pytest.fixture
def client(user: User, client: Client) -> Client:
    client.force_login(user)
    return client


def shown(response: Any) -> str:
    return str(response.content.decode())


def test_the_page_shows_who_one_is(client: Client) -> None:
    page = shown(client.get("/profile/"))
    for words in ("You log in as dana@northwind.example", "Change password", "Turn on"):
        assert words in page


def test_a_name_is_saved(client: Client, user: User) -> None:
    assert "Your name is saved." in shown(client.post("/profile/", {"name": "Dana Reyes"}, follow=True))
    user.refresh_from_db()
    assert user.name == "Dana Reyes"


def test_nothing_but_the_name_is(client: Client, user: User) -> None:
    form = {"name": "Dana", "email": "mallory@example.com", "is_staff": "on", "is_superuser": "on"}
    client.post("/profile/", form)
    user.refresh_from_db()
    assert (user.email, user.is_staff, user.is_superuser) == ("dana@northwind.example", False, False)


@pytest.mark.parametrize("path", ["/profile/", "/profile/password/"])
def test_strangers_are_sent_to_the_login(path: str) -> None:
    assert Client().get(path)["Location"] == f"/login/?next={path}"


def test_a_password_is_changed_and_this_session_goes_on_with_a_new_key(client: Client, user: User) -> None:
    client.get("/profile/")
    before = client.session.session_key
    assert "Your password is changed." in shown(client.post("/profile/password/", FORM, follow=True))
    assert client.session.session_key != before
    user.refresh_from_db()
    assert user.check_password(NEW)


def test_other_sessions_end(client: Client, user: User) -> None:
    other = Client()
    other.force_login(user)
    client.post("/profile/password/", FORM)
    assert (client.get("/webhooks/").status_code, other.get("/webhooks/").status_code) == (200, 302)


def test_the_second_factor_stays_shown(user: User) -> None:
    client = Client()
    log_in(client, user, code=code_of(make_authenticator(user)))
    client.post("/profile/password/", FORM)
    assert client.get("/webhooks/").status_code == 200


def test_each_partner_reads_of_it(client: Client, user: User) -> None:
    make_member(user=user)
    client.post("/profile/password/", FORM)
    entries = AuditEntry.objects.all()
    assert {entry.partner_id for entry in entries} == set(user.partners.values_list("pk", flat=True))
    assert {(entry.action, entry.by) for entry in entries} == {("password_changed", user.email)}
    assert NEW not in str(list(AuditEntry.objects.values()))


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"old_password": "wrong"}, "This is not your current password. Nothing was changed."),
        ({"new_password2": "something else"}, "match"),
        ({"new_password1": "short", "new_password2": "short"}, "at least 12 characters"),
        (dict.fromkeys(("new_password1", "new_password2"), "dana@northwind.example"), "too similar"),
    ],
)
def test_what_is_not_good_enough_says_why(
    client: Client, user: User, form: dict[str, str], words: str
) -> None:
    assert words in shown(client.post("/profile/password/", FORM | form))
    user.refresh_from_db()
    assert user.check_password(PASSWORD)
    assert not AuditEntry.objects.exists()


def test_the_current_password_cannot_be_guessed(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttle, "PER_NAME_AND_ADDRESS", 2)
    for _ in range(2):
        client.post("/profile/password/", FORM | {"old_password": "wrong"})
    assert "too many wrong passwords. Wait 15 minutes" in shown(client.post("/profile/password/", FORM))


def test_the_sidebar_leads_here(client: Client) -> None:
    assert 'href="/profile/"' in shown(client.get("/webhooks/"))
