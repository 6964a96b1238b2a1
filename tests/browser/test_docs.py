"""From a failed delivery to what it means, through the documentation, and to the mistake in a signature."""

import hashlib

import pytest
from django.test import Client
from playwright.sync_api import Page, expect

from deliveries.docs.pages import PAGES
from deliveries.models import Delivery
from tests.browser.conftest import check_page
from tests.factories import make_attempt, make_delivery, make_member, make_webhook

pytestmark = pytest.mark.browser


@pytest.fixture
def delivery(stack):
    webhook = make_webhook(url="https://hooks.northwind.com/verifications", headers={"X-Api-Key": "k"})
    make_webhook(partner=webhook.partner, url="https://test.northwind.com/verifications")
    found = make_delivery(
        webhook=webhook,
        status=Delivery.Status.FAILED,
        attempt_count=1,
        last_cause="status",
        last_status_code=401,
    )
    make_attempt(delivery=found, status_code=401, request_headers={"webhook-timestamp": "1614265330"})
    return found


@pytest.fixture
def visit(open_browser, portal, delivery, settings):
    """Open a window of a member of the delivery's partner."""

    def open_window(path: str, size: str = "desktop", **window: bool) -> Page:
        client = Client()
        client.force_login(make_member(partner=delivery.webhook.partner).user)
        page: Page = open_browser(size, **window)
        cookie = client.cookies[settings.SESSION_COOKIE_NAME]
        page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": portal}])
        page.goto(portal + path)
        return page

    return open_window


@pytest.mark.parametrize(("size", "dark"), [("desktop", False), ("phone", True)])
def test_from_an_error_to_its_section_and_through_every_page(size, dark, visit):
    page = visit("/deliveries/", size, dark=dark)
    page.get_by_role("link", name="401 (how to fix this)").click()
    expect(page.get_by_role("heading", name="Answered 401 Unauthorized")).to_be_in_viewport()
    expect(page.locator("#status-401")).to_contain_text("https://hooks.northwind.com/verifications")
    for each in PAGES:
        if size == "phone":
            page.get_by_text("All topics").click()
        topics = page.get_by_role("navigation", name="Documentation")
        topics.get_by_role("link", name=each.title, exact=True).click()
        expect(page.get_by_role("heading", name=each.title, level=1)).to_be_visible()
        check_page(page)
    page.get_by_role("link", name="Docs", exact=True).click()
    expect(page.get_by_role("heading", name="Quick start")).to_be_visible()
    page.get_by_label("Examples for").select_option("test.northwind.com/verifications")
    page.get_by_role("button", name="Show").click()
    expect(page.locator("#unsigned")).to_contain_text("https://test.northwind.com/verifications")


@pytest.mark.parametrize(("size", "javascript"), [("desktop", True), ("phone", False)])
def test_the_debugger_names_the_mistake(size, javascript, visit, delivery):
    page = visit(f"/deliveries/{delivery.public_id}/", size, javascript=javascript)
    page.get_by_role("link", name="signature debugger").click()
    expect(page.get_by_label("Delivery", exact=True)).to_have_value(delivery.public_id)
    plain = hashlib.sha256(delivery.sent_body.encode()).hexdigest()
    page.get_by_label("What your server computed").fill(plain)
    page.get_by_role("button", name="Find the mistake").click()
    expect(page.get_by_role("status")).to_contain_text("A plain SHA-256 was made, not an HMAC.")
    if javascript:
        check_page(page)
