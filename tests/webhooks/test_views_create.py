"""Creating a webhook."""

import re

import pytest

from webhooks.event_types import EventType
from webhooks.models import Webhook

CREATE = "/webhooks/new/"
HTMX = {"HX-Request": "true"}
URL = "https://api.northwind.com/webhooks/cr3dentials"


def typed(*headers, url=URL, is_active=True, secret="", **more):
    """Return what a browser sends, for *headers* in pairs of key and value."""
    rows = {
        f"headers-{number}-{field}": text
        for number, pair in enumerate(headers)
        for field, text in zip(("name", "value"), pair, strict=True)
    }
    counts = {"headers-TOTAL_FORMS": str(len(headers)), "headers-INITIAL_FORMS": "0"}
    switch = {"is_active": "on"} if is_active else {}
    return {"url": url, "secret": secret, "event_types": EventType.values, **switch, **rows, **counts, **more}


def text(response):
    assert response.status_code == 200
    return response.content.decode()


def test_the_form_begins_active_with_room_for_one_header(owner):
    page = text(owner.get(CREATE))
    for words in ("Webhook URL", "Active", "Webhook Authentication Header", "Key", "Value", "Create"):
        assert words in page
    assert 'name="headers-0-name"' in page
    assert 'name="headers-1-name"' not in page
    assert re.search(r'<input[^>]* name="is_active"[^>]* checked', page)


@pytest.mark.parametrize("visitor", ["owner", "developer"])
def test_a_webhook_is_made_as_typed_and_shown(visitor, partner, request):
    response = request.getfixturevalue(visitor).post(CREATE, typed(("secret", "your-secure-secret-key-here")))
    webhook = Webhook.objects.get()
    assert (response.status_code, response["Location"]) == (302, f"/webhooks/{webhook.public_id}/")
    assert (webhook.partner, webhook.url, webhook.is_active) == (partner, URL, True)
    assert webhook.secret.startswith("whsec_")
    assert [(each.name, each.value) for each in webhook.headers.all()] == [
        ("secret", "your-secure-secret-key-here")
    ]


def test_it_may_begin_inactive(owner):
    owner.post(CREATE, typed(is_active=False))
    assert not Webhook.objects.get().is_active


def test_a_typed_secret_is_kept(owner):
    owner.post(CREATE, typed(secret="my-own-secret-0123456789"))
    assert Webhook.objects.get().secret == "my-own-secret-0123456789"


def test_the_url_is_stored_normalised(owner):
    owner.post(CREATE, typed(url="  HTTPS://API.Northwind.com:443/Path "))
    assert Webhook.objects.get().url == "https://api.northwind.com/Path"


def test_an_empty_header_row_is_left_out(owner):
    owner.post(CREATE, typed(("X-Key", "1"), ("", "")))
    assert Webhook.objects.get().headers.count() == 1


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (typed(url=""), "Enter the address of your endpoint"),
        (typed(url="http://api.northwind.com/"), "Only https is allowed"),
        (typed(url="https://10.0.0.1/"), "The host is an IP address"),
        (typed(secret="short"), "The secret has 5 characters"),
        (typed(("Host", "x")), "The header Host may not be set"),
        (typed(("X-Key", "")), "This field is required"),
        (typed(("X-Key", "1"), ("x-key", "2")), "The header x-key stands there twice"),
    ],
)
def test_what_is_wrong_is_said_beside_it_and_nothing_is_made(owner, fields, words):
    page = text(owner.post(CREATE, fields))
    assert words in page
    assert "Nothing was saved yet" in page
    assert not Webhook.objects.exists()


def test_all_errors_show_at_once(owner):
    page = text(owner.post(CREATE, typed(("Host", "x"), url="", secret="short")))
    for words in ("Enter the address", "The header Host", "The secret has 5"):
        assert words in page


def test_an_empty_request_is_an_empty_form(owner):
    page = text(owner.post(CREATE, {}))
    assert "Enter the address of your endpoint" in page


def test_another_header_makes_room_and_judges_nothing_yet(owner):
    page = text(owner.post(CREATE, typed(("X-Key", ""), url="", add_header="1")))
    assert re.search(r'<input[^>]* name="headers-1-name"[^>]* autofocus', page)
    assert 'value="X-Key"' in page
    for words in ("Enter the address", "required.", "is-invalid", "Nothing was saved"):
        assert words not in page
    assert not Webhook.objects.exists()


def test_the_fragment_with_another_header_is_what_the_page_contains(owner):
    fields = typed(("X-Key", "1"), add_header="1")
    fragment, page = text(owner.post(CREATE, fields, headers=HTMX)), text(owner.post(CREATE, fields))
    assert fragment.lstrip().startswith('<fieldset id="headers">')
    assert fragment.strip() in page


@pytest.mark.parametrize("count", ["", "many"])
def test_a_form_that_does_not_count_its_headers_is_refused(owner, count):
    fields = typed(add_header="1", **{"headers-TOTAL_FORMS": count})
    assert owner.post(CREATE, fields).status_code == 400


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_viewer_is_told_whom_to_ask(viewer, method):
    response = getattr(viewer, method)(CREATE, typed())
    assert response.status_code == 403
    assert "Ask an owner for the developer role" in response.content.decode()
    assert not Webhook.objects.exists()


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_other_methods_are_refused(owner, method):
    assert getattr(owner, method)(CREATE).status_code == 405


def test_whoever_is_not_logged_in_is_sent_to_the_login(nobody):
    response = nobody.post(CREATE, typed())
    assert (response.status_code, response["Location"]) == (302, f"/login/?next={CREATE}")
    assert not Webhook.objects.exists()


def test_a_fragment_is_refused_to_whoever_is_not_logged_in(nobody):
    assert nobody.post(CREATE, typed(add_header="1"), headers=HTMX).status_code == 403
