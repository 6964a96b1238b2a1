"""Getting in, and out."""

import pytest
from django.test import Client

from tests.factories import PASSWORD, make_member, make_user

pytestmark = pytest.mark.django_db

LOGIN = "/login/"


@pytest.fixture
def user():
    user = make_user(email="dana@northwind.example", password=PASSWORD)
    make_member(user=user)
    return user


def log_in(client, email="dana@northwind.example", password=PASSWORD, **more):
    return client.post(LOGIN, {"username": email, "password": password, **more})


def test_the_page_asks_for_address_and_password(client):
    page = client.get(LOGIN).content.decode()
    for words in ("E-mail address", "Password", "Forgot your password?"):
        assert words in page


@pytest.mark.parametrize("email", ["dana@northwind.example", "Dana@Northwind.EXAMPLE"])
def test_it_leads_to_the_webhooks(client, user, email):
    assert log_in(client, email)["Location"] == "/webhooks/"
    assert client.get("/webhooks/").status_code == 200


def test_it_leads_to_the_page_that_was_asked_for(client, user):
    assert log_in(client, next="/deliveries/")["Location"] == "/deliveries/"


@pytest.mark.parametrize("elsewhere", ["https://evil.com/", "//evil.com/", "javascript:alert(1)"])
def test_it_never_leads_elsewhere(client, user, elsewhere):
    assert log_in(client, next=elsewhere)["Location"] == "/webhooks/"


@pytest.mark.parametrize(
    ("email", "password"), [("dana@northwind.example", "wrong"), ("nobody@northwind.example", PASSWORD)]
)
def test_a_wrong_address_and_a_wrong_password_look_the_same(client, user, email, password):
    page = log_in(client, email, password).content.decode()
    assert "This e-mail address and password do not belong together" in page
    assert "_auth_user_id" not in client.session
    assert password not in page


def test_a_closed_account_stays_outside(client, user):
    user.is_active = False
    user.save()
    assert "do not belong together" in log_in(client).content.decode()


def test_the_session_gets_a_new_key(client, user):
    client.get(LOGIN)
    session = client.session
    session["before"] = True
    session.save()
    before = session.session_key
    client.cookies["sessionid"] = before
    log_in(client)
    assert client.session.session_key != before


def test_the_forms_token_is_asked_for(user):
    assert log_in(Client(enforce_csrf_checks=True)).status_code == 403


def test_whoever_is_in_needs_no_login(client, user):
    client.force_login(user)
    assert client.get(LOGIN)["Location"] == "/webhooks/"


def test_the_home_page_is_the_list(client):
    assert client.get("/")["Location"] == "/webhooks/"


def test_logging_out_ends_the_session(client, user):
    client.force_login(user)
    assert client.post("/logout/")["Location"] == "/login/"
    assert client.get("/webhooks/").status_code == 302


def test_a_link_cannot_log_anybody_out(client, user):
    client.force_login(user)
    assert client.get("/logout/").status_code == 405
    assert client.get("/webhooks/").status_code == 200


def test_every_page_forbids_scripts_and_styles_of_others(client):
    policy = client.get(LOGIN)["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_no_page_is_styled_or_scripted_inline(client):
    page = client.get(LOGIN).content.decode()
    for inline in ("<style", " style=", "<script>", " onclick="):
        assert inline not in page


def test_a_misspelt_address_says_so(client):
    response = client.get("/nothing/here/")
    assert response.status_code == 404
    assert "There is nothing here" in response.content.decode()
