"""A webhook's form in a browser: its payload template, its events, and trying them before they are saved."""

import json

import pytest
from django.test import Client
from playwright.sync_api import Page, expect

from tests.browser.conftest import check_page
from tests.factories import make_member, make_partner
from webhooks.models import Webhook
from webhooks.payload_templates import DEFAULT

pytestmark = pytest.mark.browser


@pytest.fixture
def owner(stack):
    return make_member(partner=make_partner())


@pytest.fixture
def new_webhook(open_browser, portal, owner, settings):
    """Open the form of a new webhook."""

    def open_form(size="desktop", **window) -> Page:
        client = Client()
        client.force_login(owner.user)
        page: Page = open_browser(size, **window)
        cookie = client.cookies[settings.SESSION_COOKIE_NAME]
        page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": portal}])
        page.goto(f"{portal}/webhooks/new/")
        return page

    return open_form


@pytest.mark.parametrize(("size", "dark"), [("desktop", False), ("phone", True)])
def test_a_template_is_previewed_as_it_is_typed(size, dark, new_webhook):
    page = new_webhook(size, dark=dark)
    template, preview = page.get_by_label("Template", exact=True), page.locator("#preview")
    expect(preview).to_contain_text('"verificationId": "ver_abc123"')
    template.fill('{"id": "{{ data.idd }}"}')
    expect(preview).to_contain_text('$.id: no field "idd" in data')
    expect(template).to_be_focused()
    check_page(page)
    template.fill('{"is": "{{ type }}"}')
    expect(preview).to_contain_text('"is": "verification.completed"')
    page.get_by_label("Preview", exact=True).select_option("verification.expired")
    expect(preview).to_contain_text('"is": "verification.expired"')
    page.get_by_role("button", name="Reset to default").click()
    expect(template).to_have_value(DEFAULT)
    expect(preview).to_contain_text('"verificationId": "ver_abc123"')
    check_page(page)


def test_what_was_typed_is_tried_before_it_is_saved(new_webhook, receiver):
    page = new_webhook()
    page.get_by_label("Webhook URL").fill(receiver.url("/trial"))
    page.get_by_label("Template", exact=True).fill('["{{ type }}"]')
    expect(page.locator("#preview")).to_contain_text('"verification.completed"')
    page.get_by_role("button", name="Test before saving").click()
    (tried,) = receiver.wait_for(1)
    assert json.loads(tried.body) == ["verification.completed"]
    expect(page.locator("#trial")).to_contain_text("Your server answered 200")
    expect(page.locator("#trial")).to_contain_text("Waiting for the answer")
    check_page(page)
    assert not Webhook.objects.exists()


def test_without_javascript_the_preview_opens_beside_the_form(new_webhook):
    page = new_webhook(javascript=False)
    page.get_by_label("Template", exact=True).fill('["{{ type }}"]')
    with page.context.expect_page() as opened:
        page.get_by_role("button", name="Preview", exact=True).click()
    expect(opened.value.locator("#preview")).to_contain_text('"verification.completed"')
    expect(page.get_by_label("Template", exact=True)).to_have_value('["{{ type }}"]')
