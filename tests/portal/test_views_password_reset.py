"""Choosing a new password, and a first one."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.core.cache import cache
from django.utils import timezone

from portal import throttle
from tests.factories import PASSWORD, make_member, make_user

pytestmark = pytest.mark.django_db

EMAIL = "dana@northwind.example"
NEW = "a quite different horse"


@pytest.fixture(autouse=True)
def nothing_counted():
    cache.clear()


@pytest.fixture
def user():
    user = make_user(email=EMAIL, password=PASSWORD)
    make_member(user=user)
    return user


def ask(client, email=EMAIL):
    return client.post("/password-reset/", {"email": email}, follow=True)


def link(mail):
    (message,) = mail
    (address,) = re.findall(r"http://testserver(/password-reset/\S+)", message.body)
    return address


def choose(client, address, password=NEW, again=None):
    form = client.get(address, follow=True)
    fields = {"new_password1": password, "new_password2": again or password}
    return client.post(form.redirect_chain[-1][0], fields, follow=True)


def test_the_link_in_the_mail_leads_to_a_new_password(client, user, mailoutbox):
    assert "Look into your mailbox" in ask(client).content.decode()
    assert mailoutbox[0].to == [EMAIL]
    assert "Your password is changed" in choose(client, link(mailoutbox)).content.decode()
    assert client.login(username=EMAIL, password=NEW)


def test_whatever_the_case_of_the_address(client, user, mailoutbox):
    ask(client, EMAIL.upper())
    assert len(mailoutbox) == 1


def test_an_invited_user_chooses_their_first_password(client, mailoutbox):
    make_user(email=EMAIL)
    ask(client)
    choose(client, link(mailoutbox))
    assert client.login(username=EMAIL, password=NEW)


def test_strangers_learn_nothing_about_who_has_an_account(client, user, mailoutbox):
    known, unknown = ask(client).content, ask(client, "nobody@northwind.example").content
    assert known == unknown
    assert len(mailoutbox) == 1


def test_a_closed_account_gets_no_link(client, user, mailoutbox):
    user.is_active = False
    user.save()
    ask(client)
    assert not mailoutbox


def test_a_link_works_once(client, user, mailoutbox):
    ask(client)
    choose(client, link(mailoutbox))
    assert "This link no longer works" in client.get(link(mailoutbox)).content.decode()


@pytest.mark.parametrize(("days", "works"), [(2.9, True), (3.1, False)])
def test_a_link_works_for_three_days(client, user, mailoutbox, days, works):
    ask(client)
    with time_machine.travel(timezone.now() + timedelta(days=days), tick=False):
        page = client.get(link(mailoutbox), follow=True).content.decode()
    assert ("Save password" in page) is works


@pytest.mark.parametrize("password", ["short", "password1234", "123456789012"])
def test_a_weak_password_is_refused(client, user, mailoutbox, password):
    ask(client)
    assert "errorlist" in choose(client, link(mailoutbox), password).content.decode()
    assert client.login(username=EMAIL, password=PASSWORD)


def test_both_fields_must_agree(client, user, mailoutbox):
    ask(client)
    assert (
        "errorlist" in choose(client, link(mailoutbox), NEW, again="something else entirely").content.decode()
    )


def test_a_made_up_link_is_refused_with_the_way_to_a_new_one(client):
    page = client.get("/password-reset/MQ/abc-def/").content.decode()
    assert "Send me a new link" in page


def test_other_sessions_end(client, user, mailoutbox):
    client.force_login(user)
    ask(client)
    choose(client, link(mailoutbox))
    assert client.get("/webhooks/").status_code == 302


def test_nobodys_mailbox_is_flooded(client, user, mailoutbox, monkeypatch):
    monkeypatch.setattr(throttle, "PER_NAME_AND_ADDRESS", 2)
    answers = {ask(client).content for _ in range(5)}
    assert len(mailoutbox) == 2
    assert len(answers) == 1
