"""A webhook's own page in a browser: how it does, what it is sent, and a test while it is inactive."""

import pytest
from playwright.sync_api import expect

from deliveries.models import Attempt
from tests.browser.conftest import amid_refreshes, check_page, enter
from tests.factories import make_delivery, make_hour, make_member, make_webhook
from tests.waiting import eventually
from webhooks.event_types import EventType

pytestmark = pytest.mark.browser


@pytest.fixture
def owner(stack):
    return make_member()


@pytest.fixture
def webhook(owner, receiver):
    """A webhook whose latest attempts failed."""
    receiver.answer("/", status=503)
    webhook = make_webhook(
        partner=owner.partner,
        url=receiver.url(),
        outcomes="sssssssfff",
        succeeded_count=118,
        failed_count=2,
        last_cause="status",
        last_status_code=503,
        last_failed_cause="status",
        last_failed_code=503,
    )
    make_hour(webhook=webhook, succeeded=118, failed=2)
    make_delivery(webhook=webhook, status="failed", last_cause="status", last_status_code=503)
    return webhook


@pytest.fixture
def visit(open_browser, portal, owner):
    def open_page(path, size="desktop", **window):
        page = enter(open_browser(size, **window), portal, owner.user)
        page.goto(portal + path)
        return page

    return open_page


@pytest.mark.parametrize(("size", "dark"), [("desktop", False), ("phone", True)])
def test_the_list_and_the_page_say_how_it_does_in_words_and_figures(size, dark, visit, webhook):
    page = visit("/webhooks/", size, dark=dark)
    row = page.locator("tbody tr")
    expect(row.get_by_role("img", name="Last 20 attempts: 7 succeeded, 3 failed")).to_be_visible()
    expect(row).to_contain_text("98.3% of 120")
    expect(row.locator(".pill")).to_have_text("Failing")
    row.get_by_role("link").click()

    expect(page.locator(".banner")).to_contain_text("Answered 503 Service Unavailable")
    expect(page.locator(".banner")).to_contain_text("Your server is overloaded")
    chart = page.get_by_role("img", name="118 delivered")
    expect(chart).to_be_visible()
    page.get_by_text("The same as a table").click()
    expect(page.get_by_role("row", name="118 2")).to_be_visible()
    expect(page.locator(".figures")).to_contain_text("118 of 120")
    check_page(page)
    page.get_by_role("link", name="24 h").click()
    expect(page.get_by_text("Success rate, 24 h")).to_be_visible()
    assert page.url.endswith("?period=24h")
    expect(page.get_by_role("row", name="118 2")).to_be_visible()
    check_page(page)


def test_a_period_that_is_chosen_while_the_page_refreshes_is_shown(visit, webhook):
    page = visit(f"/webhooks/{webhook.public_id}/")
    amid_refreshes(page, lambda: page.get_by_role("link", name="7 days").click())
    expect(page.get_by_text("Success rate, 7 days")).to_be_visible()


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_an_inactive_webhook_is_tested_and_says_what_is_wrong_and_what_to_do(
    size, visit, webhook, stack, receiver
):
    webhook.deactivate()
    stack.worker()
    page = visit(f"/webhooks/{webhook.public_id}/", size)
    page.get_by_label("Test with another event").click()
    page.get_by_role("button", name="verification.expired").click()
    result = page.locator("#test-result")
    expect(result).to_contain_text("Answered 503 Service Unavailable")
    expect(result).to_contain_text("Your server is overloaded")
    expect(result.get_by_role("link", name="How to fix this")).to_be_visible()
    expect(page.get_by_role("button", name="Activate", exact=True)).to_be_visible()
    check_page(page)
    (sent,) = receiver.wait_for(1)
    assert b'"verification.expired"' in sent.body


def test_the_result_of_a_test_is_the_latest_ones(visit, webhook):
    """It is asked for again and again; an answer about an earlier test that comes late is not shown."""
    page, asked = visit(f"/webhooks/{webhook.public_id}/"), []

    def hold(route):
        asked.append(route)

    def polls():
        page.evaluate("")  # lets the browser tell of them
        return len(asked)

    page.route("**/deliveries/msg_*/", hold)
    button, waiting = page.get_by_role("button", name="Test Webhook"), page.locator("#test-result [hx-get]")
    button.click()
    eventually(polls)
    first = waiting.get_attribute("hx-get")
    with page.expect_response("**/test/"):
        button.click()
    expect(waiting).not_to_have_attribute("hx-get", first)
    asked[0].continue_()
    eventually(lambda: polls() > 1)
    assert asked[-1].request.url.endswith(waiting.get_attribute("hx-get"))
    assert waiting.get_attribute("hx-get") != first


def test_a_webhook_is_sent_what_is_ticked_with_the_catalogue_beside_it(visit, webhook):
    page = visit(f"/webhooks/{webhook.public_id}/settings/", "phone")
    expect(page.get_by_role("link", name="Settings")).to_be_in_viewport(ratio=0.9)
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="what each of them holds").click()
    catalogue = opened.value
    catalogue.get_by_role("link", name="expired").click()
    expect(catalogue.get_by_label("A sample, indented")).to_contain_text('"type": "verification.expired"')
    check_page(catalogue)
    for event_type in EventType:
        page.get_by_role("checkbox", name=event_type).set_checked(event_type == EventType.FAILED)
    page.get_by_role("button", name="Save Webhook").last.click()
    expect(page.locator(".facts")).to_contain_text("verification.failed")
    webhook.refresh_from_db()
    assert webhook.event_types == [EventType.FAILED]


def test_a_webhook_is_tested_without_javascript(visit, webhook, stack):
    stack.worker()
    page = visit(f"/webhooks/{webhook.public_id}/", javascript=False)
    page.get_by_role("button", name="Test Webhook").click()
    eventually(Attempt.objects.exists)
    page.reload()
    expect(page.get_by_text("Answered 503 Service Unavailable").first).to_be_visible()
