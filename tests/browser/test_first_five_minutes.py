"""What the partners' documentation walks through: from the login to the first delivery."""

import pytest
from django.conf import global_settings
from django.test import Client
from playwright.sync_api import Page, expect

from tests.browser.conftest import check_page
from tests.factories import PASSWORD, make_member, make_partner, make_user, make_webhook
from webhooks.models import Webhook

pytestmark = pytest.mark.browser

EMAIL = "dana@northwind.example"


@pytest.fixture
def owner(stack, settings):
    """An owner who can log in on a portal that runs in earnest."""
    settings.PASSWORD_HASHERS = global_settings.PASSWORD_HASHERS
    partner = make_partner(name="Northwind Lending", slug="northwind")
    return make_member(partner=partner, user=make_user(email=EMAIL, password=PASSWORD))


@pytest.fixture
def partner(owner):
    return owner.partner


@pytest.fixture
def delivering(stack, partner):
    """The portal's processes, with a worker and beat."""
    stack.worker()
    stack.beat()
    return stack


def log_in(page: Page, portal: str) -> None:
    page.goto(portal)
    page.get_by_label("E-mail address").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="Webhooks", exact=True)).to_be_visible()


def create_webhook(page: Page, url: str) -> None:
    """Walk the documentation's four steps."""
    page.get_by_role("link", name="Webhooks", exact=True).click()
    page.get_by_role("link", name="Create Webhook").click()
    page.get_by_label("Webhook URL").fill(url)
    expect(page.get_by_label("Active", exact=True)).to_be_checked()
    page.get_by_label("Key").fill("secret")
    page.get_by_label("Value").fill("your-secure-secret-key-here")
    page.get_by_role("button", name="Create").last.click()
    expect(page.get_by_text("is created. Test it now.")).to_be_visible()


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_from_the_login_to_the_first_delivery(size, open_browser, portal, delivering, receiver):
    page = open_browser(size)
    page.goto(portal)
    check_page(page)
    log_in(page, portal)
    check_page(page)
    create_webhook(page, receiver.url("/cr3dentials"))
    check_page(page)

    page.get_by_role("button", name="Test Webhook").click()
    (test,) = receiver.wait_for(1)
    assert test.headers["secret"] == "your-secure-secret-key-here"
    expect(page.locator("#test-result")).to_contain_text("200")
    check_page(page)

    delivering.manage("emit", "completed", "--partner", "northwind")
    _, sent = receiver.wait_for(2)
    page.get_by_role("link", name="View Logs").click()
    row = (
        page.get_by_role("row")
        .filter(has_text=sent.id)
        .or_(page.get_by_role("row").filter(has_text="Delivered"))
    )
    expect(row.first).to_be_visible()
    check_page(page)

    row.first.get_by_role("link").first.click()
    expect(page.locator(".pill", has_text="Delivered").first).to_be_visible()
    expect(page.get_by_text("200").first).to_be_visible()
    check_page(page)

    page.get_by_role("link", name="Webhooks", exact=True).first.click()
    expect(page.get_by_text("Healthy")).to_be_visible()
    expect(page.get_by_text("100%")).to_be_visible()
    check_page(page)


def test_it_all_works_without_javascript(open_browser, portal, delivering, receiver):
    page = open_browser(javascript=False)
    log_in(page, portal)
    page.get_by_role("link", name="Create Webhook").click()
    page.get_by_label("Webhook URL").fill(receiver.url())
    page.get_by_role("button", name="Add another header").click()
    expect(page.get_by_label("Key")).to_have_count(2)
    expect(page.get_by_label("Webhook URL")).to_have_value(receiver.url())
    page.get_by_role("button", name="Create").last.click()

    page.get_by_role("button", name="Test Webhook").click()
    receiver.wait_for(1)
    delivering.manage("emit", "completed", "--partner", "northwind")
    receiver.wait_for(2)
    page.goto(f"{portal}/webhooks/{Webhook.objects.get().public_id}/deliveries/")
    expect(page.locator(".pill", has_text="Delivered").first).to_be_visible()


@pytest.fixture
def visit(open_browser, portal, owner, settings):
    """Open a window in which the partner's owner is logged in."""

    def open_window(size="desktop", *, dark=False):
        client = Client()
        client.force_login(owner.user)
        page = open_browser(size, dark=dark)
        cookie = client.cookies[settings.SESSION_COOKIE_NAME]
        page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": portal}])
        return page

    return open_window


def test_another_header_has_the_cursor_and_enter_saves(visit, portal):
    page = visit()
    page.goto(f"{portal}/webhooks/new/")
    page.get_by_label("Webhook URL").fill("not an address")
    page.get_by_label("Key").fill("X-First")
    page.get_by_role("button", name="Add another header").click()
    expect(page.get_by_label("Key")).to_have_count(2)
    expect(page.get_by_label("Key").nth(1)).to_be_focused()
    expect(page.get_by_label("Key").nth(0)).to_have_value("X-First")
    page.get_by_label("Webhook URL").press("Enter")
    expect(page.get_by_text("Nothing was saved yet")).to_be_visible()
    expect(page.get_by_label("Webhook URL")).to_have_attribute("aria-invalid", "true")
    check_page(page)


def test_a_secret_is_revealed_copied_and_hidden_in_place(visit, portal, partner):
    webhook = make_webhook(partner=partner, secret="a-secret-that-was-typed-0123")
    page = visit()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"{portal}/webhooks/{webhook.public_id}/secret/")
    expect(page.get_by_text(webhook.secret)).to_have_count(0)
    page.get_by_role("button", name="Reveal").click()
    expect(page.get_by_text(webhook.secret)).to_be_visible()
    check_page(page)
    page.locator("#secret").get_by_role("button", name="Copy", exact=True).click()
    expect(page.locator("#secret").get_by_text("Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == webhook.secret
    page.locator("#secret").get_by_role("link", name="Hide").click()
    expect(page.get_by_text(webhook.secret)).to_have_count(0)


def test_a_page_that_has_gone_stale_says_so(visit, portal, partner, complaints):
    webhook = make_webhook(partner=partner)
    page = visit()
    page.goto(f"{portal}/webhooks/{webhook.public_id}/secret/")
    page.get_by_role("button", name="Reveal").click()
    expect(page.get_by_text(webhook.secret)).to_be_visible()
    webhook.delete_softly()
    with page.expect_response(lambda response: response.status == 404):
        page.locator("#secret").get_by_role("link", name="Hide").click()
    expect(page.get_by_text("This page is out of date.")).to_be_visible()
    assert all("404" in each for each in complaints)
    complaints.clear()


def test_deleting_needs_the_hosts_name(visit, portal, partner):
    webhook = make_webhook(partner=partner)
    page = visit()
    page.goto(f"{portal}/webhooks/{webhook.public_id}/delete/")
    page.get_by_label(f"Type {webhook.host} to confirm").fill(webhook.host)
    page.get_by_role("button", name="Delete Webhook").click()
    expect(page.get_by_text(f"{webhook.host} is deleted.")).to_be_visible()
    check_page(page)
    assert not Webhook.objects.live().exists()
