"""Who is told, and what becomes of what was held: from the banner to the choice."""

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import expect

from deliveries.models import AlertMail, Delivery
from tests.browser.conftest import check_page
from tests.factories import make_alert_mail, make_delivery, make_member, make_partner, make_webhook

pytestmark = pytest.mark.browser

Status = Delivery.Status

CHOICES = {"desktop": ("send", Status.SUCCEEDED), "phone": ("discard", Status.CANCELED)}


@pytest.fixture
def owner(stack):
    return make_member(partner=make_partner(name="Northwind Lending"))


@pytest.fixture
def visit(open_browser, stack, portal, owner, settings):
    """Open a window in which the owner is logged in, with a worker and beat behind the portal."""
    stack.worker()
    stack.beat()

    def open_window(size):
        client = Client()
        client.force_login(owner.user)
        page = open_browser(size, dark=size == "phone")
        cookie = client.cookies[settings.SESSION_COOKIE_NAME]
        page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": portal}])
        page.goto(portal)
        return page

    return open_window


@pytest.fixture
def webhook(owner, receiver):
    """A webhook that failures deactivated, of which one address was told, and which works again."""
    webhook = make_webhook(
        partner=owner.partner, url=receiver.url(), last_failed_cause="status", last_failed_code=503
    )
    webhook.deactivate(reason="Your server answered 503.")
    alert = webhook.alerts.get()
    alert.addressed_at = timezone.now()
    alert.save()
    make_alert_mail(alert=alert, status=AlertMail.Status.SENT)
    for _ in range(2):
        make_delivery(webhook=webhook, status=Status.HELD)
    return webhook


@pytest.mark.parametrize("size", CHOICES)
def test_alerts_are_directed_and_a_webhook_is_tested_and_activated_again(size, webhook, visit, receiver):
    page = visit(size)
    expect(page.locator(".banner.bad")).to_contain_text("1 address was told by e-mail")

    page.get_by_role("link", name="Alerts").click()
    expect(page.get_by_role("heading", name="Who is told")).to_be_visible()
    check_page(page)
    page.get_by_label("E-mail addresses").fill("ops@northwind.example\npager")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("“pager” is not an e-mail address.")).to_be_visible()
    check_page(page)
    page.get_by_label("E-mail addresses").fill("ops@northwind.example")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    page.get_by_role("button", name="Send a sample").click()
    expect(page.locator("#told li", has_text="ops@northwind.example")).to_contain_text(
        "E-mailed", timeout=20_000
    )
    check_page(page)

    page.get_by_role("link", name=webhook.host).click()
    page.get_by_role("button", name="Activate", exact=True).click()
    expect(page.get_by_text("2 notifications are held")).to_be_visible()
    page.get_by_role("button", name="Test Webhook").click()
    expect(page.locator("#test-result")).to_contain_text("Your server answered 200")
    check_page(page)

    choice, status = CHOICES[size]
    page.get_by_role("button", name=f"Activate and {choice} what was held").click()
    expect(page.get_by_text("is active. ")).to_be_visible()
    expect(
        page.locator(".pill", has_text={"send": "Delivered", "discard": "Canceled"}[choice])
    ).to_have_count(3 if choice == "send" else 2, timeout=20_000)
    assert Delivery.objects.filter(status=status, is_test=False).count() == 2
    check_page(page)
