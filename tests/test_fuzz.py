"""Whatever is typed, pasted or sent: an answer below 500, on every page that there is."""

from contextlib import suppress
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.factories import make_attempt, make_delivery, make_member, make_user, make_webhook
from tests.test_tenancy import ADMIN, ALL, ARGUMENTS, OBJECTS, World, admin_urls
from webhooks.destinations import check_headers, check_url

pytestmark = [pytest.mark.django_db, pytest.mark.walk]

EXAMPLES = settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])

#: What parsers trip over, among whatever else Hypothesis thinks of.
NASTY = [
    "",
    "\0",
    "-1",
    "0",
    "9" * 400,
    "1e999",
    "NaN",
    "١٢٣",
    "²",
    "on",
    "None",
    "null",
    "' OR 1=1 --",
    "%00",
    "%ff",
    "\ud800",
    "\u202e",
    "{{ 7*7 }}",
    "<script>",
    "../../etc/passwd",
    "2026-13-45",
    "whsec_",
    "whsec_!!!!",
    "https://",
    "https://[",
    "https://a.com:99999999999",
    "x" * 5_000,
]
TEXTS = st.one_of(st.sampled_from(NASTY), st.text(max_size=60))
#: Every name that a page of ours reads, and some of the admin's.
NAMES = st.sampled_from(
    """
    overlap is_sure language period
    attempt before after page q o p e all status webhook type next partner url is_active secret host
    event_type add_header username password email headers-TOTAL_FORMS headers-INITIAL_FORMS headers-0-id
    headers-0-name headers-0-value headers-0-DELETE headers-1-name headers-1-value created_at__year
    created_at__month is_active__exact status__exact is_test__exact cause deleted term field_name app_label
    model_name _popup _to_field _changelist_filters initial-is_active action _selected_action select_across
    index role required code name old_password new_password1 new_password2 password1 password2 person action
    index signature delivery body
    index addresses tells_trouble sample held until
    """.split()
)
FORMS = st.dictionaries(st.one_of(NAMES, st.text(max_size=20)), TEXTS, max_size=6)
WAYS = st.sampled_from([{}, {"HX-Request": "true"}, {"HX-Request": "true", "HX-Target": "test-result"}])


@pytest.fixture
def world() -> World:
    webhook = make_webhook(headers={"X-Api-Key": "k"})
    delivery = make_delivery(webhook=webhook)
    make_attempt(delivery=delivery)
    return World(webhook.partner, webhook, delivery)


def sendable(form: dict[str, str]) -> dict[str, str]:
    """Return *form* as a browser can send it: lone surrogates have no bytes."""
    return {
        name.encode("utf-8", "replace").decode(): text.encode("utf-8", "replace").decode()
        for name, text in form.items()
    }


def ask(client: Client, method: str, url: str, form: dict[str, str], headers: Any) -> None:
    response = getattr(client, method)(url, sendable(form), headers=headers)
    assert response.status_code < 500, (method, url, form)


@pytest.mark.parametrize("name", sorted(ALL.keys() - ADMIN.keys() - {"logout"}))
@pytest.mark.parametrize("method", ["get", "post"])
def test_no_page_breaks_on_what_it_is_asked(name: str, method: str, world: World) -> None:
    client = Client()
    client.force_login(make_member(partner=world.partner).user)
    args = [world.ids[OBJECTS[name].kind]] if name in OBJECTS else []
    url = reverse(name, args=args or ARGUMENTS.get(name))

    @EXAMPLES
    @given(form=FORMS, headers=WAYS)
    def fuzz(form: dict[str, str], headers: Any) -> None:
        ask(client, method, url, form, headers)

    fuzz()


@pytest.mark.parametrize("name", ["login", "password_reset"])
def test_no_door_breaks_either(name: str) -> None:
    client = Client()

    @EXAMPLES
    @given(form=FORMS)
    def fuzz(form: dict[str, str]) -> None:
        ask(client, "get", reverse(name), form, {})
        ask(client, "post", reverse(name), form, {})

    fuzz()


@pytest.mark.parametrize("name", OBJECTS)
def test_no_id_breaks_a_page(name: str, world: World) -> None:
    client = Client()
    client.force_login(make_member(partner=world.partner).user)
    before, _, after = reverse(name, args=["ID"]).partition("ID")

    @EXAMPLES
    @given(public_id=TEXTS)
    def fuzz(public_id: str) -> None:
        ask(client, "get", before + public_id.encode("utf-8", "replace").decode() + after, {}, {})

    fuzz()


def test_no_page_of_the_admin_breaks(world: World) -> None:
    client = Client()
    client.force_login(make_user(is_staff=True, is_superuser=True))
    pages = [url for name, url in admin_urls(world) if "logout" not in name]

    @settings(EXAMPLES, max_examples=60)
    @given(url=st.sampled_from(pages), form=FORMS)
    def fuzz(url: str, form: dict[str, str]) -> None:
        ask(client, "get", url, form, {})

    fuzz()


@settings(max_examples=200)
@given(st.text(), TEXTS, TEXTS)
def test_no_url_or_header_breaks_its_check(url: str, name: str, value: str) -> None:
    """Both are either accepted or refused with words; see their own tests for which."""
    for check in (
        lambda: check_url(f"https://{url}"),
        lambda: check_url(name),
        lambda: check_headers([(name, value)]),
    ):
        with suppress(ValidationError):
            check()
