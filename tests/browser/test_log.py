"""The log and a delivery in a browser: filtered, paged, followed while something is under way, and resent."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from deliveries.models import Delivery
from portal.paging import PAGE_SIZE
from tests.browser.conftest import amid_refreshes, check_page, enter
from tests.factories import make_attempt, make_delivery, make_event, make_member, make_webhook
from webhooks.event_types import EventType

pytestmark = pytest.mark.browser

Status = Delivery.Status

#: Longer than the log's own two seconds, in milliseconds.
A_WHILE = 2_600


@pytest.fixture
def owner(stack):
    return make_member()


@pytest.fixture
def webhook(owner, receiver):
    return make_webhook(partner=owner.partner, url=receiver.url(), headers={"X-Api-Key": "a-value-of-theirs"})


@pytest.fixture
def failed(webhook):
    """The newest of more deliveries than a page shows, and the only one that failed."""
    expired = make_event(partner=webhook.partner, event_type=EventType.EXPIRED)
    for _ in range(PAGE_SIZE):
        make_delivery(webhook=webhook, event=expired, status=Status.SUCCEEDED, last_status_code=200)
    failed = make_delivery(
        webhook=webhook, status=Status.FAILED, attempt_count=1, last_cause="status", last_status_code=500
    )
    make_attempt(delivery=failed, status_code=500, request_headers={"X-Api-Key": "••••"})
    return failed


@pytest.fixture
def visit(open_browser, portal, owner):
    def open_page(path, size="desktop", **window):
        page = enter(open_browser(size, **window), portal, owner.user)
        page.goto(portal + path)
        return page

    return open_page


def log_of(webhook):
    return f"/webhooks/{webhook.public_id}/deliveries/"


def unfold_filter(page: Page, size: str) -> None:
    if size == "phone":
        page.get_by_text("Filter", exact=True).first.click()


def copied(page: Page, what: str) -> str:
    button = page.locator(f"#copy-{what}")
    button.click()
    expect(button).to_contain_text("Copied")
    return str(page.evaluate("navigator.clipboard.readText()"))


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_a_delivery_is_found_by_filter_and_copied(size, visit, webhook, failed):
    page = visit(log_of(webhook), size)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(PAGE_SIZE)
    page.get_by_role("link", name="Older").click()
    expect(rows).to_have_count(1)
    assert "before=msg_" in page.url
    assert page.evaluate("document.activeElement !== document.body")
    page.get_by_role("link", name="Newest").click()
    expect(rows).to_have_count(PAGE_SIZE)

    unfold_filter(page, size)
    page.get_by_label("Status", exact=True).select_option("failed")
    expect(rows).to_have_count(1)
    assert page.url.endswith("?status=failed")
    page.reload()
    expect(rows).to_have_count(1)
    page.get_by_label("Event", exact=True).select_option("verification.expired")
    expect(page.get_by_text("None match the filter")).to_be_visible()
    check_page(page)
    page.go_back()
    expect(rows).to_have_count(1)

    rows.get_by_role("link").first.click()
    expect(page.get_by_text("X-Api-Key", exact=True)).to_be_visible()
    assert copied(page, "delivery-id") == failed.public_id
    assert copied(page, "sent-to") == webhook.url
    assert copied(page, "sent-body") == failed.sent_body
    curl = copied(page, "curl")
    assert "--header 'X-Api-Key: ••••'" in curl
    assert webhook.url in curl


def test_what_is_chosen_while_the_log_refreshes_is_shown(visit, webhook, failed):
    page = visit(log_of(webhook))
    rows = page.locator("tbody tr")
    amid_refreshes(page, lambda: page.get_by_role("link", name="Older").click())
    expect(rows).to_have_count(1)
    page.get_by_role("link", name="Newest").click()
    expect(rows).to_have_count(PAGE_SIZE)
    amid_refreshes(page, lambda: page.get_by_label("Status", exact=True).select_option("failed"))
    expect(rows).to_have_count(1)


def test_a_delivery_that_is_sent_again_is_followed_to_its_end(visit, failed, stack, receiver):
    stack.worker()
    page = visit(f"/deliveries/{failed.public_id}/")
    page.get_by_role("button", name="Send again now").click()
    (sent,) = receiver.wait_for(1)
    assert sent.id == failed.public_id
    expect(page.locator("#delivery .pill", has_text="Delivered")).to_be_visible()
    expect(page.get_by_text("Resent by")).to_be_visible()
    check_page(page)


def test_a_delivery_that_waits_counts_down_and_asks_no_more_once_it_has_ended(visit, webhook):
    waiting = make_delivery(
        webhook=webhook, attempt_count=1, next_attempt_at=timezone.now() + timedelta(seconds=60)
    )
    make_attempt(delivery=waiting, status_code=503)
    page = visit(f"/deliveries/{waiting.public_id}/")
    left = seconds_left(page)
    expect(page.locator(".timeline")).not_to_contain_text(f"in {left} s")
    assert seconds_left(page) < left
    page.get_by_text("As a cURL command").click()
    page.get_by_role("link", name="How to fix this").focus()
    with page.expect_response("**/deliveries/*/"):
        """It asks by itself."""
    expect(page.get_by_role("link", name="How to fix this")).to_be_focused()
    expect(page.locator("#curl")).to_be_visible()

    ended(waiting)
    expect(page.locator("#delivery .pill", has_text="Delivered")).to_be_visible()
    assert requests_of(page) == []


def test_the_log_asks_only_while_something_is_under_way(visit, webhook):
    waiting = make_delivery(webhook=webhook)
    page = visit(log_of(webhook))
    expect(page.get_by_text("1 still to be sent")).to_be_visible()
    with page.expect_response(f"**{log_of(webhook)}"):
        """It asks by itself."""
    ended(waiting)
    expect(page.locator("#log .pill", has_text="Delivered")).to_be_visible()
    expect(page.locator("#news")).to_have_text("No delivery on this page is under way.")
    assert requests_of(page) == []


def seconds_left(page: Page) -> int:
    (seconds,) = re.findall(r"Next attempt in (\d+) s", page.locator(".timeline").inner_text())
    return int(seconds)


def ended(delivery):
    Delivery.objects.filter(pk=delivery.pk).update(
        status=Status.SUCCEEDED, finished_at=timezone.now(), next_attempt_at=None, last_status_code=200
    )


def requests_of(page: Page) -> list[str]:
    """Return what the page asks for by itself in a while."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(A_WHILE)
    return asked


def test_the_log_and_a_resend_work_without_javascript(visit, webhook, failed):
    page = visit(log_of(webhook), javascript=False)
    rows = page.locator("tbody tr")
    page.get_by_role("link", name="Older").click()
    expect(rows).to_have_count(1)
    page.get_by_role("link", name="Newest").click()
    page.get_by_label("Status", exact=True).select_option("failed")
    page.get_by_role("button", name="Filter", exact=True).click()
    expect(rows).to_have_count(1)
    assert "status=failed" in page.url
    rows.get_by_role("link").first.click()
    page.get_by_text("As a cURL command").click()
    expect(page.locator("#curl")).to_be_visible()
    page.get_by_role("button", name="Send again now").click()
    expect(page.get_by_text("It is being sent again, with the same webhook-id and body.")).to_be_visible()
    failed.refresh_from_db()
    assert failed.status == Status.PENDING
