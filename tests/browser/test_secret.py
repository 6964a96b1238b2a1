"""The signing secret in a browser: revealed, rolled with an overlap that is ended, and the code beside it."""

import pytest
from django.test import Client
from playwright.sync_api import expect

from tests.browser.conftest import check_page
from tests.factories import make_member, make_partner, make_webhook

pytestmark = pytest.mark.browser

OLD, NEW = "old-secret-that-was-typed-01", "new-secret-that-was-typed-02"


@pytest.fixture
def owner(stack):
    return make_member(partner=make_partner())


@pytest.fixture
def webhook(owner):
    return make_webhook(partner=owner.partner, secret=OLD)


@pytest.fixture
def visit(open_browser, portal, owner, webhook, settings):
    """Open the page of the signing secret."""

    def open_page(size="desktop", **window):
        client = Client()
        client.force_login(owner.user)
        page = open_browser(size, **window)
        cookie = client.cookies[settings.SESSION_COOKIE_NAME]
        page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": portal}])
        page.goto(f"{portal}/webhooks/{webhook.public_id}/secret/")
        return page

    return open_page


@pytest.mark.parametrize(("size", "dark"), [("desktop", False), ("phone", True)])
def test_a_secret_is_revealed_rolled_and_its_overlap_ended(size, dark, visit, webhook):
    page = visit(size, dark=dark)
    check_page(page)

    # The language is changed by keyboard; what was revealed stays, and so does the focus.
    page.get_by_role("button", name="Reveal").click()
    expect(page.locator("#secret-text")).to_have_text(OLD)
    expect(page.locator("#standard-secret")).to_contain_text("whsec_")
    page.locator("#language-node").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#verify-code")).to_contain_text("hmac.compare_digest")
    expect(page.locator("#language-python")).to_be_focused()
    expect(page.locator("#language-python")).to_have_attribute("aria-current", "true")
    expect(page.locator("#secret-text")).to_have_text(OLD)
    assert page.url.endswith("?language=python")
    check_page(page)

    # No overlap is warned of, and wants to be confirmed; the warning comes and goes with the choice.
    page.get_by_role("link", name="Hide").click()
    page.get_by_role("link", name="Roll secret").click()
    expect(page.get_by_text("refuse every delivery from now on")).to_be_hidden()
    page.get_by_label("No overlap").check()
    expect(page.get_by_text("refuse every delivery from now on")).to_be_visible()
    page.get_by_role("button", name="Roll secret").click()
    expect(page.get_by_text("Tick this to confirm, or choose an overlap.")).to_be_visible()
    check_page(page)

    page.get_by_label("For 24 hours").check()
    page.get_by_label("New secret").fill(NEW)
    page.get_by_role("button", name="Roll secret").click()
    expect(page.get_by_role("heading", name="Two secrets sign until")).to_be_visible()
    expect(page.get_by_text("Until then it is made with the old secret")).to_be_visible()
    check_page(page)
    page.get_by_role("button", name="Reveal").click()
    expect(page.locator("#secret-text")).to_have_text(NEW)

    page.get_by_role("button", name="End the overlap now").click()
    expect(page.get_by_text("Only the new secret signs from now on.")).to_be_visible()
    expect(page.get_by_role("heading", name="Two secrets sign until")).to_have_count(0)
    webhook.refresh_from_db()
    assert (webhook.secret, webhook.previous_secret) == (NEW, None)


def test_it_all_works_without_javascript(visit, webhook):
    page = visit(javascript=False)
    page.get_by_role("link", name="Ruby", exact=True).click()
    expect(page.locator("#verify-code")).to_contain_text("OpenSSL.secure_compare")
    page.get_by_role("button", name="Reveal").click()
    expect(page.locator("#secret-text")).to_have_text(OLD)
    page.get_by_role("link", name="Hide").click()
    expect(page.locator("#verify-code")).to_contain_text("OpenSSL.secure_compare")
    page.get_by_role("link", name="Roll secret").click()
    page.get_by_role("button", name="Roll secret").click()
    page.get_by_role("button", name="End the overlap now").click()
    expect(page.get_by_text("Only the new secret signs from now on.")).to_be_visible()
    webhook.refresh_from_db()
    assert webhook.secret not in (OLD, "")
