"""The signing secret: masked until somebody asks for it."""

from html import escape

import pytest

from tests.factories import make_webhook
from webhooks.models import generate_secret
from webhooks.secret_keys import standard_secret
from webhooks.verification import SNIPPETS, VECTOR

HTMX = {"HX-Request": "true"}
SECRET = "canary-secret-0123456789"


@pytest.fixture
def webhook(partner):
    return make_webhook(partner=partner, secret=SECRET)


@pytest.fixture
def address(webhook):
    return f"/webhooks/{webhook.public_id}/secret/"


def text(response):
    assert response.status_code == 200
    return response.content.decode()


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_it_is_masked(owner, address, headers):
    page = text(owner.get(address, headers=headers))
    assert SECRET not in page
    assert "Reveal" in page


@pytest.mark.parametrize("visitor", ["owner", "developer"])
@pytest.mark.parametrize("headers", [{}, HTMX])
def test_whoever_asks_by_post_sees_it(visitor, address, headers, request):
    page = text(request.getfixturevalue(visitor).post(address, headers=headers))
    assert f'<code id="secret-text">{SECRET}</code>' in page
    assert 'data-copy="secret-text"' in page


@pytest.mark.parametrize("method", ["get", "post"])
def test_no_cache_keeps_it(owner, address, method):
    assert getattr(owner, method)(address)["Cache-Control"] == "no-store"


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_asking_needs_the_forms_token(owner, address, headers):
    owner.handler.enforce_csrf_checks = True
    response = owner.post(address, headers=headers)
    assert response.status_code == 403
    assert SECRET not in response.content.decode()


def test_the_fragment_is_what_the_page_contains(owner, address):
    owner.get(address)  # so that both carry a token of one cookie
    fragment, page = text(owner.get(address, headers=HTMX)), text(owner.get(address))
    assert fragment.lstrip().startswith('<section class="sheet" id="secret"')
    assert without_token(fragment).strip() in without_token(page)


def without_token(page):
    """Leave out what Django makes anew in every form."""
    return "".join(line for line in page.splitlines(keepends=True) if "csrfmiddlewaretoken" not in line)


def test_a_secret_is_text_whatever_it_holds(owner, webhook, address):
    webhook.secret = "<script>alert(1)</script>"
    webhook.save(update_fields=["secret"])
    assert "<script>alert" not in text(owner.post(address))


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize(("visitor", "status"), [("viewer", 403), ("stranger", 404), ("nobody", 302)])
def test_nobody_else_sees_it(visitor, status, address, method, request):
    response = getattr(request.getfixturevalue(visitor), method)(address)
    assert response.status_code == status
    assert SECRET not in response.content.decode()


def test_a_fragment_is_refused_to_whoever_is_not_logged_in(nobody, address):
    assert nobody.post(address, headers=HTMX).status_code == 403


def test_a_deleted_webhook_has_none(owner, webhook, address):
    webhook.delete_softly()
    assert owner.post(address).status_code == 404


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_other_methods_are_refused(owner, address, method):
    assert getattr(owner, method)(address).status_code == 405


# --- As the libraries want it -----------------------------------------------------------------------


def test_a_typed_secret_is_shown_as_the_libraries_want_it_too(owner, address):
    page = text(owner.post(address))
    assert f'<code id="standard-secret">{standard_secret(SECRET)}</code>' in page
    assert 'data-copy="standard-secret"' in page
    assert standard_secret(SECRET) not in text(owner.get(address))


def test_a_generated_one_is_that_already(owner, webhook, address):
    webhook.secret = generate_secret()
    webhook.save(update_fields=["secret"])
    assert "standard-secret" not in text(owner.post(address))


# --- How to verify ---------------------------------------------------------------------------------


@pytest.mark.parametrize("snippet", SNIPPETS, ids=lambda each: each.name)
def test_each_language_has_its_own_address_and_shows_its_file_word_for_word(snippet, owner, address):
    page = text(owner.get(address, {"language": snippet.name}))
    assert escape(snippet.code) in page
    links = [line for line in page.splitlines() if 'id="language-' in line]
    assert len(links) == len(SNIPPETS)
    assert [snippet.language in line for line in links if 'aria-current="true"' in line] == [True]


def test_changing_the_language_in_place_leaves_a_revealed_secret_alone(owner, address):
    headers = {**HTMX, "HX-Target": "verify"}
    owner.get(address)
    fragment = text(owner.get(address, {"language": "php"}, headers=headers))
    page = text(owner.get(address, {"language": "php"}))
    assert fragment.lstrip().startswith('<section class="sheet" id="verify"')
    assert fragment.strip() in page


def test_the_vector_is_shown(owner, address):
    page = text(owner.get(address))
    for shown in (VECTOR.secret, VECTOR.documented, VECTOR.message_id, VECTOR.standard, VECTOR.curl):
        assert escape(str(shown)) in page
