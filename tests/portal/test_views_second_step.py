"""The second step of a login."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client

from portal import second_step, throttle
from portal.models import AuditEntry, Authenticator, User
from tests.factories import PASSWORD, make_authenticator, make_member, make_user
from tests.two_factor import code_of, log_in, wrong_code

pytestmark = pytest.mark.django_db

CODE = "/login/code/"


@pytest.fixture(autouse=True)
def nothing_counted() -> None:
    cache.clear()


@pytest.fixture
def user() -> User:
    return make_member(user=make_user(email="dana@northwind.example", password=PASSWORD)).user


@pytest.fixture
def authenticator(user: User) -> Authenticator:
    return make_authenticator(user)


def first_step(client: Client, **more: str) -> Any:
    form = {"username": "dana@northwind.example", "password": PASSWORD, **more}
    return client.post("/login/", form)


def is_in(client: Client) -> bool:
    return client.get("/webhooks/").status_code == 200


# --- Both steps --------------------------------------------------------------------------------------


def test_the_password_alone_lets_nobody_in(client: Client, authenticator: Authenticator) -> None:
    assert first_step(client)["Location"] == CODE
    assert "_auth_user_id" not in client.session
    assert not is_in(client)
    assert client.get("/people/", headers={"HX-Request": "true"}).status_code == 403
    assert client.get("/profile/two-factor/")["Location"].startswith("/login/")


def test_the_code_does(client: Client, user: User, authenticator: Authenticator) -> None:
    assert log_in(client, user, code=code_of(authenticator))["Location"] == "/webhooks/"
    assert is_in(client)
    user.refresh_from_db()
    assert user.last_login is not None


def test_without_two_factor_there_is_one_step(client: Client, user: User) -> None:
    Authenticator.enrol(user)  # begun, and never confirmed
    assert first_step(client)["Location"] == "/webhooks/"


def test_it_leads_to_the_page_that_was_asked_for(
    client: Client, user: User, authenticator: Authenticator
) -> None:
    assert log_in(client, user, code=code_of(authenticator), then="/audit/")["Location"] == "/audit/"


@pytest.mark.parametrize("elsewhere", ["https://evil.com/", "//evil.com/"])
def test_it_never_leads_elsewhere(
    client: Client, user: User, authenticator: Authenticator, elsewhere: str
) -> None:
    assert log_in(client, user, code=code_of(authenticator), then=elsewhere)["Location"] == "/webhooks/"


def test_each_step_gets_a_new_session_key(client: Client, authenticator: Authenticator) -> None:
    session = client.session
    session["planted"] = True
    session.save()
    keys = [session.session_key]
    client.cookies["sessionid"] = str(keys[0])
    first_step(client)
    keys.append(client.session.session_key)
    client.post(CODE, {"code": code_of(authenticator)})
    keys.append(client.session.session_key)
    assert len(set(keys)) == 3
    stale = Client()
    stale.cookies["sessionid"] = str(keys[1])
    assert stale.get(CODE)["Location"] == "/login/"


def test_nothing_of_the_way_stays_in_the_session(
    client: Client, user: User, authenticator: Authenticator
) -> None:
    log_in(client, user, code=code_of(authenticator))
    assert second_step.KEY not in client.session


def test_the_page_asks_for_a_code(client: Client, authenticator: Authenticator) -> None:
    first_step(client)
    page = client.get(CODE).content.decode()
    for words in ("Type your code", 'autocomplete="one-time-code"', "recovery codes", "Write to our support"):
        assert words in page


# --- What is refused ---------------------------------------------------------------------------------


def test_a_wrong_code_is_refused_with_what_to_do(client: Client, authenticator: Authenticator) -> None:
    first_step(client)
    page = client.post(CODE, {"code": wrong_code(authenticator)}).content.decode()
    assert "Wait until your app shows the next code" in page
    assert not is_in(client)


def test_no_code_is_refused(client: Client, authenticator: Authenticator) -> None:
    first_step(client)
    assert "Type the six digits" in client.post(CODE, {}).content.decode()


def test_a_code_that_let_somebody_in_lets_nobody_else_in(user: User, authenticator: Authenticator) -> None:
    code = code_of(authenticator)
    first, second = Client(), Client()
    log_in(first, user, code=code)
    log_in(second, user, code=code)
    assert (is_in(first), is_in(second)) == (True, False)


def test_nobody_comes_here_without_the_password(client: Client, authenticator: Authenticator) -> None:
    for method in (client.get, client.post):
        assert method(CODE, {"code": code_of(authenticator)})["Location"] == "/login/"
    assert not is_in(client)


def test_the_password_is_forgotten_after_ten_minutes(client: Client, authenticator: Authenticator) -> None:
    first_step(client)
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=10, seconds=1), tick=False):
        assert client.post(CODE, {"code": code_of(authenticator)})["Location"] == "/login/"


@pytest.mark.parametrize("change", ["password", "closed"])
def test_an_account_that_changed_meanwhile_begins_again(
    client: Client, user: User, authenticator: Authenticator, change: str
) -> None:
    first_step(client)
    if change == "password":
        user.set_password("another long password")
    else:
        user.is_active = False
    user.save()
    assert client.post(CODE, {"code": code_of(authenticator)})["Location"] == "/login/"


def test_somebody_elses_code_is_of_no_use(client: Client, authenticator: Authenticator) -> None:
    other = make_authenticator(make_user())
    first_step(client)
    client.post(CODE, {"code": code_of(other)})
    assert not is_in(client)


def test_too_many_tries_are_refused_even_with_the_right_code(
    client: Client, authenticator: Authenticator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(throttle, "PER_NAME_AND_ADDRESS", 3)
    first_step(client)
    with time_machine.travel(time.time(), tick=False) as clock:
        for _ in range(3):
            client.post(CODE, {"code": wrong_code(authenticator)})
            clock.shift(60)
        page = client.post(CODE, {"code": code_of(authenticator)}).content.decode()
        assert "There were too many wrong codes. Wait 15 minutes, then try again." in page
        assert not is_in(client)


def test_whoever_has_to_wait_longer_reads_how_long(client: Client, authenticator: Authenticator) -> None:
    authenticator.throttling_failure_count = 7
    authenticator.throttle_increment()
    first_step(client)
    page = client.post(CODE, {"code": code_of(authenticator)}).content.decode()
    assert "There were too many wrong codes. Wait 3 minutes, then try again." in page


def test_tries_from_elsewhere_do_not_count_here(
    client: Client, user: User, authenticator: Authenticator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(throttle, "PER_NAME_AND_ADDRESS", 2)
    elsewhere = Client(REMOTE_ADDR="198.51.100.7")
    first_step(elsewhere)
    for _ in range(9):
        elsewhere.post(CODE, {"code": "nonsense"})
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=10), tick=False):
        log_in(client, user, code=code_of(authenticator))
        assert is_in(client)


# --- Recovery codes ----------------------------------------------------------------------------------


def test_a_recovery_code_lets_in_once_and_stands_in_the_trail(
    user: User, authenticator: Authenticator
) -> None:
    code = authenticator.make_recovery_codes()[0]
    authenticator.save()
    first, second = Client(), Client()
    log_in(first, user, code=code)
    log_in(second, user, code=code)
    assert (is_in(first), is_in(second)) == (True, False)
    entry = AuditEntry.objects.get()
    assert (str(entry), entry.detail) == (
        "dana@northwind.example logged in with a recovery code of dana@northwind.example",
        "9 left",
    )


# --- Ways around it ----------------------------------------------------------------------------------


def test_a_session_from_before_two_factor_ends(client: Client, user: User) -> None:
    client.force_login(user)
    assert is_in(client)
    make_authenticator(user)
    assert not is_in(client)
    assert client.get("/webhooks/", headers={"HX-Request": "true"}).status_code == 403
    assert client.get("/login/").status_code == 200


def test_a_session_of_a_former_authenticator_ends(
    client: Client, user: User, authenticator: Authenticator
) -> None:
    log_in(client, user, code=code_of(authenticator))
    authenticator.delete()
    make_authenticator(user)
    assert not is_in(client)


def test_a_new_password_by_mail_does_not_go_around_it(
    client: Client, authenticator: Authenticator, mailoutbox: Any
) -> None:
    client.post("/password-reset/", {"email": "dana@northwind.example"})
    link = mailoutbox[0].body.partition("http://testserver")[2].split()[0]
    form = client.get(link, follow=True).redirect_chain[-1][0]
    new = {"new_password1": "a quite different horse", "new_password2": "a quite different horse"}
    client.post(form, new)
    assert not is_in(client)
    assert first_step(client, password="a quite different horse")["Location"] == CODE
    assert not is_in(client)
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.detail) == ("password_changed", "by a link in an e-mail")


def test_the_admin_is_no_way_around_it(client: Client, user: User, authenticator: Authenticator) -> None:
    user.is_staff = user.is_superuser = True
    user.save()
    client.force_login(user)
    assert client.get("/admin/").status_code == 302
    log_in(client, user, code=code_of(authenticator), then="/admin/")
    assert client.get("/admin/").status_code == 200
