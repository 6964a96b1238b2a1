"""The keyboard alone: from the login to a delivery that is sent again, and where the focus is meanwhile."""

from typing import Literal

import pytest
from django.conf import global_settings
from playwright.sync_api import Locator, Page, expect

from tests.factories import PASSWORD, make_member, make_user

pytestmark = pytest.mark.browser

EMAIL = "dana@northwind.example"

#: More than any page has places to stop at before what is looked for.
STOPS = 60

#: Whether what has the focus shows it: itself, or the row of a table that is its link. After a page's
#: last stop the browser's own bar has its turn, and nothing on the page has the focus.
SHOWS_FOCUS = """() => {
    const active = document.activeElement;
    return active === document.body || [active, active.closest("tr")].some((each) => {
        if (!each) return false;
        const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(each);
        return (outlineStyle !== "none" && parseFloat(outlineWidth) > 0) || boxShadow !== "none";
    });
}"""

HOLDS_FOCUS = "document.activeElement !== document.body"


@pytest.fixture
def working(portal, stack, settings):
    """The portal's address, with a worker behind it."""
    settings.PASSWORD_HASHERS = global_settings.PASSWORD_HASHERS
    make_member(user=make_user(email=EMAIL, password=PASSWORD))
    stack.worker()
    return portal


def tab_to(page: Page, target: Locator) -> None:
    """Press Tab until *target* has the focus; each stop on the way shows that it has it."""
    # Of a page that is still coming, the last of those named so may be another.
    page.wait_for_load_state()
    expect(target).to_be_visible()
    for _ in range(STOPS):
        page.keyboard.press("Tab")
        assert page.evaluate(SHOWS_FOCUS), page.evaluate("document.activeElement.outerHTML.slice(0, 300)")
        if target.evaluate("(each) => each === document.activeElement"):
            return
    pytest.fail(f"Tab does not reach {target} on {page.url}.")


def press(page: Page, role: Literal["button", "link"], name: str, key: str = "Enter") -> None:
    tab_to(page, page.get_by_role(role, name=name, exact=True).last)
    page.keyboard.press(key)


def type_into(page: Page, label: str, text: str) -> None:
    field = page.get_by_label(label)
    if not field.evaluate("(each) => each === document.activeElement"):
        tab_to(page, field)
    page.keyboard.type(text)


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_the_keyboard_alone_leads_from_the_login_to_a_delivery_sent_again(
    size, open_browser, working, receiver
):
    page = open_browser(size)
    page.goto(working)
    type_into(page, "E-mail address", EMAIL)
    type_into(page, "Password", PASSWORD)
    page.keyboard.press("Enter")

    press(page, "link", "Create Webhook")
    type_into(page, "Webhook URL", receiver.url())
    press(page, "button", "Reset to default", "Space")
    expect(page.locator("#preview")).to_contain_text("ver_abc123")
    assert page.evaluate(HOLDS_FOCUS)
    press(page, "button", "Test before saving")
    expect(page.locator("#trial")).to_contain_text("Your server answered 200")
    assert page.evaluate(HOLDS_FOCUS)
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("is created. Test it now.")).to_be_visible()

    press(page, "button", "Test Webhook", "Space")
    expect(page.locator("#test-result")).to_contain_text("Your server answered 200")
    expect(page.get_by_role("button", name="Test Webhook")).to_be_focused()
    press(page, "link", "7 days")
    expect(page.get_by_text("Success rate, 7 days")).to_be_visible()
    expect(page.get_by_role("link", name="7 days")).to_be_focused()

    press(page, "link", "Deliveries")
    press(page, "link", "verification.completed")
    press(page, "button", "Send again now", "Space")
    expect(page.get_by_text("resent once")).to_be_visible()
    expect(page.locator(".pill", has_text="Delivered")).to_be_visible()
    assert len(receiver.wait_for(3)) == 3
