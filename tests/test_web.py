"""What every answer of the portal carries, and what it does not take."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from tests.factories import PASSWORD, make_attempt, make_delivery, make_member, make_user, make_webhook
from tests.portal.test_settings import PRODUCTION, manage
from tests.test_tenancy import ALL, ARGUMENTS, OBJECTS, OWN, World, admin_urls

pytestmark = [pytest.mark.django_db, pytest.mark.walk]

CSP = {
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
}


#: Pages about whoever asks.
MINE = ("profile", "password", "two_factor", "leave", "invitation")

#: Pages of the admin that hold no data, which Django lets caches keep.
FORMS_ONLY = {"admin:jsi18n", "admin:password_change", "admin:password_change_done"}


def urls(world: World) -> Iterator[str]:
    """Yield every address that the portal has, once, and some that it does not have."""
    for name in ALL:
        if name in OBJECTS:
            yield reverse(name, args=[world.ids[OBJECTS[name].kind]])
            yield reverse(name, args=["never"])
        elif not name.startswith("admin:"):
            yield reverse(name, args=ARGUMENTS.get(name))
    yield from (url for _, url in admin_urls(world))
    yield from ("/nothing/", "/static/nothing.css")


@pytest.fixture
def world() -> World:
    webhook = make_webhook(headers={"X-Api-Key": "k"})
    delivery = make_delivery(webhook=webhook)
    make_attempt(delivery=delivery)
    return World(webhook.partner, webhook, delivery)


def faults(response: Any) -> list[str]:
    """Return which headers are missing or too weak."""
    policy = {each.strip() for each in response.headers.get("Content-Security-Policy", "").split(";")}
    held = {
        "Content-Security-Policy": policy >= CSP and "unsafe" not in " ".join(policy),
        "X-Frame-Options": response.headers.get("X-Frame-Options") == "DENY",
        "X-Content-Type-Options": response.headers.get("X-Content-Type-Options") == "nosniff",
        "Referrer-Policy": response.headers.get("Referrer-Policy") == "same-origin",
        "Cross-Origin-Opener-Policy": response.headers.get("Cross-Origin-Opener-Policy") == "same-origin",
    }
    return [name for name, holds in held.items() if not holds]


@pytest.mark.parametrize("who", ["anonymous", "owner", "administrator"])
def test_every_answer_carries_the_headers(who: str, world: World) -> None:
    client = Client(raise_request_exception=False)
    if who != "anonymous":
        member = make_member(partner=world.partner)
        client.force_login(member.user if who == "owner" else make_user(is_staff=True, is_superuser=True))
    everything = [(method, url) for url in urls(world) for method in ("get", "post")]
    asked = sorted(everything, key=lambda each: each[0] == "post" and "logout" in each[1])
    assert len(asked) > 80
    weak = {each: faults(getattr(client, each[0])(each[1])) for each in asked}
    assert {each: missing for each, missing in weak.items() if missing} == {}


def test_a_fault_of_ours_carries_them_too(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client(raise_request_exception=False)
    client.force_login(make_member(partner=world.partner).user)
    monkeypatch.setattr("webhooks.views.Webhook", None)
    response: Any = client.get(reverse("webhooks:list"))
    assert (response.status_code, faults(response)) == (500, [])


@pytest.mark.parametrize("name", [*OBJECTS, *OWN, *MINE])
@pytest.mark.parametrize("htmx", [{}, {"HX-Request": "true"}])
def test_nothing_of_a_partner_is_kept_in_a_cache(name: str, htmx: dict[str, str], world: World) -> None:
    client = Client()
    client.force_login(make_member(partner=world.partner).user)
    url = reverse(name, args=[world.ids[OBJECTS[name].kind]] if name in OBJECTS else [])
    for method in (client.get, client.post):
        response = method(url, headers=htmx)
        assert response.status_code in {405, 404} or "no-store" in response.headers["Cache-Control"]


def test_the_admin_is_kept_in_no_cache_either(world: World) -> None:
    client = Client()
    client.force_login(make_user(is_staff=True, is_superuser=True))
    for name, url in admin_urls(world):
        response = client.get(url)
        if response.status_code == 200 and name not in FORMS_ONLY:
            assert "no-store" in response.headers["Cache-Control"], url


# --- Sessions ----------------------------------------------------------------------------------------


def test_a_login_begins_a_new_session() -> None:
    """Whoever planted a session before the login does not share the one after it."""
    user, client = make_user(password=PASSWORD), Client()
    session = client.session
    session["planted"] = True
    session.save()
    before = session.session_key
    client.cookies["sessionid"] = str(before)
    client.post(reverse("login"), {"username": user.email, "password": PASSWORD})
    assert client.session.get("_auth_user_id") == str(user.pk)
    assert client.session.session_key != before
    stale = Client()
    stale.cookies["sessionid"] = str(before)
    assert stale.get(reverse("webhooks:list")).status_code == 302


def test_a_logout_and_a_new_password_end_the_session() -> None:
    member = make_member(user=make_user(password=PASSWORD))
    client, other = Client(), Client()
    for each in (client, other):
        each.force_login(member.user)
    client.post(reverse("logout"))
    assert client.get(reverse("webhooks:list")).status_code == 302
    member.user.set_password("another long password")
    member.user.save()
    assert other.get(reverse("webhooks:list")).status_code == 302


def test_cookies_cannot_be_read_by_scripts_or_sent_from_elsewhere() -> None:
    member = make_member(user=make_user(password=PASSWORD))
    client = Client()
    client.get(reverse("login"))
    client.post(reverse("login"), {"username": member.user.email, "password": PASSWORD})
    assert client.cookies.keys() == {"csrftoken", "sessionid"}
    assert all(each["httponly"] and each["samesite"] == "Lax" for each in client.cookies.values())


def test_a_form_from_elsewhere_changes_nothing(world: World) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_member(partner=world.partner).user)
    for name, page in OBJECTS.items():
        url = reverse(name, args=[world.ids[page.kind]])
        assert client.post(url).status_code in {403, 405}, name


@pytest.mark.parametrize("password", ["short", "password1234", "123456789012345", "northwind-owner"])
def test_a_weak_password_is_refused(password: str) -> None:
    with pytest.raises(ValidationError):
        validate_password(password, make_user(email="northwind-owner@example.com"))


# --- Sizes -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["anonymous", "owner", "administrator"])
@pytest.mark.parametrize(
    "form",
    [
        {"username": "x" * 300_000, "password": ""},
        {f"field{number}": "" for number in range(600)},
        {"username": SimpleUploadedFile("large.bin", b"x" * 300_000)},
    ],
    ids=["large", "many fields", "file"],
)
def test_a_request_that_is_too_large_is_refused_everywhere(
    form: dict[str, str], who: str, world: World
) -> None:
    """Before a page sees it, whoever sends it, and without a file of it on our disk."""
    before = list(Path(tempfile.gettempdir()).glob("*.upload*"))
    client = Client(enforce_csrf_checks=True)
    client.cookies["csrftoken"] = "x" * 32
    if who != "anonymous":
        member = make_member(partner=world.partner)
        client.force_login(member.user if who == "owner" else make_user(is_staff=True, is_superuser=True))
    answers = {url: client.post(url, form).status_code for url in urls(world)}
    assert list(answers.values()).count(400) > 80
    assert {url: code for url, code in answers.items() if code not in (400, 404)} == {}
    assert list(Path(tempfile.gettempdir()).glob("*.upload*")) == before


def test_the_largest_form_that_there_is_still_fits(world: World) -> None:
    """Twenty headers, of which 8 kB are allowed, and a URL of 2 kB are far below the limit."""
    client = Client()
    client.force_login(make_member(partner=world.partner).user)
    form = {
        "url": "https://hooks.northwind.com/" + "x" * 2_000,
        "secret": "",
        "headers-TOTAL_FORMS": "20",
        "headers-INITIAL_FORMS": "0",
    }
    form |= {f"headers-{n}-name": f"X-Header-{n}" for n in range(20)}
    form |= {f"headers-{n}-value": "v" * 380 for n in range(20)}
    assert client.post(reverse("webhooks:create"), form).status_code == 302


# --- Production --------------------------------------------------------------------------------------


def test_in_production_the_browser_is_told_to_come_back_by_https_only() -> None:
    code = (
        "from django.test import Client; "
        "r = Client().get('/login/', secure=True, headers={'host': 'portal.example.com'}); "
        "print(r.status_code, r.headers['Strict-Transport-Security'], r.cookies['csrftoken']['secure']); "
        "r = Client().get('/login/', headers={'host': 'portal.example.com'}); "
        "print(r.status_code, r.headers['Location']); "
        "print(Client().get('/login/', secure=True, headers={'host': 'evil.example.com'}).status_code)"
    )
    environment = PRODUCTION | {"DATABASE_URL": "sqlite:///:memory:"}
    done = manage("shell", "--verbosity", "0", "--command", _with_static(code), **environment)
    assert done.stdout.splitlines() == [
        "200 max-age=31536000; includeSubDomains; preload True",
        "301 https://portal.example.com/login/",
        "400",
    ], done.stderr


def _with_static(code: str) -> str:
    """Collected files are what a deploy makes; here the plain ones will do."""
    storage = "django.contrib.staticfiles.storage.StaticFilesStorage"
    return (
        "from django.conf import settings; "
        f"settings.STORAGES['staticfiles']['BACKEND'] = '{storage}'; "
        "import warnings; warnings.simplefilter('ignore'); " + code
    )


def test_the_admin_can_be_elsewhere() -> None:
    code = "from django.urls import reverse; print(reverse('admin:index'))"
    for given in ("back-room", "/back-room/"):
        done = manage("shell", "--verbosity", "0", "--command", code, ADMIN_PATH=given)
        assert done.stdout == "/back-room/\n", done.stderr
