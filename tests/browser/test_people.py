"""People: invited, joined, given another role, removed; and two-factor from the QR code to the login."""

from pathlib import Path

import pytest
from django.conf import global_settings
from playwright.sync_api import Page, expect

from tests.browser.conftest import check_page
from tests.factories import PASSWORD, make_member, make_partner, make_user
from tests.two_factor import code_for

pytestmark = pytest.mark.browser

DANA, SAM = "dana@northwind.example", "sam@northwind.example"


@pytest.fixture
def web(portal, settings):
    """The portal's address, where somebody can log in."""
    settings.PASSWORD_HASHERS = global_settings.PASSWORD_HASHERS
    partner = make_partner(name="Northwind Lending", slug="northwind")
    make_member(partner=partner, user=make_user(email=DANA, password=PASSWORD))
    return portal


def log_in(page: Page, web: str, email: str) -> None:
    page.goto(f"{web}/login/", wait_until="networkidle")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()


def log_out(page: Page) -> None:
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url("**/login/", wait_until="networkidle")


def link_in(mail_folder: Path, web: str) -> str:
    (mail,) = mail_folder.iterdir()
    text = mail.read_text().replace("=\n", "")
    return f"{web}/invitation/" + text.partition("/invitation/")[2].partition("/")[0] + "/"


def invite(page: Page, email: str) -> None:
    page.get_by_role("link", name="People").click()
    check_page(page)
    page.get_by_role("link", name="Invite somebody").click()
    check_page(page)
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Viewer").check()
    page.get_by_role("button", name="Send invitation").click()
    expect(page.get_by_text(f"An invitation is on its way to {email}.")).to_be_visible()
    check_page(page)


def join(page: Page, link: str) -> None:
    page.goto(link)
    check_page(page)
    page.get_by_label("Your name").fill("Sam Okafor")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password, once more").fill(PASSWORD)
    page.get_by_role("button", name="Join").click()
    expect(page.get_by_text("Welcome to Northwind Lending. You are here as viewer.")).to_be_visible()
    expect(page.get_by_role("link", name="Create Webhook")).to_have_count(0)


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_somebody_is_invited_joins_gets_another_role_and_is_removed(
    size, open_browser, web, mails, complaints
):
    owner, guest = open_browser(size), open_browser(size, dark=True)
    log_in(owner, web, DANA)
    invite(owner, SAM)
    join(guest, link_in(mails, web))

    owner.get_by_role("link", name="People").click()
    owner.get_by_role("link", name="Sam Okafor").click()
    check_page(owner)
    owner.get_by_label("Developer").check()
    owner.get_by_role("button", name="Save role").click()
    expect(owner.get_by_text(f"{SAM} is a developer now.")).to_be_visible()
    guest.reload()
    expect(guest.get_by_role("link", name="Create Webhook")).to_be_visible()

    owner.get_by_role("link", name="Sam Okafor").click()
    owner.get_by_role("link", name="Remove").click()
    check_page(owner)
    owner.get_by_role("button", name="Remove").click()
    expect(owner.get_by_text(f"{SAM} is removed")).to_be_visible()
    guest.reload()
    expect(guest.get_by_text("You are not a member of any partner yet.")).to_be_visible()
    assert all("403" in each for each in complaints)
    complaints.clear()

    owner.get_by_role("link", name="Audit trail").click()
    rows = owner.get_by_role("row")
    expect(rows.filter(has_text=f"{DANA} removed {SAM}")).to_have_count(1)
    check_page(owner)
    owner.goto(f"{web}/audit/?person={SAM}")
    expect(rows.filter(has_text=f"{SAM} joined Northwind Lending")).to_have_count(1)
    expect(rows.filter(has_text="removed")).to_have_count(0)


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_two_factor_from_the_key_to_the_login_with_a_code(size, open_browser, web):
    page = open_browser(size)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    log_in(page, web, DANA)
    page.get_by_role("link", name="Your profile").click()
    check_page(page)
    page.get_by_role("link", name="Turn on").click()
    page.get_by_role("button", name="Turn on two-factor").click()
    check_page(page)
    key = page.locator("#totp-key").inner_text()
    page.get_by_label("Code", exact=True).fill(code_for(key))
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("heading", name="Two-factor is on")).to_be_visible()
    check_page(page)

    page.get_by_role("button", name="Copy codes").click()
    expect(page.get_by_text("Copied")).to_be_visible()
    codes = page.evaluate("navigator.clipboard.readText()").split()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert download.value.path().read_text().split() == codes
    assert len(codes) == 10
    page.get_by_role("link", name="I have kept them").click()
    check_page(page)

    log_out(page)
    log_in(page, web, DANA)
    check_page(page)
    page.get_by_label("Code", exact=True).fill(code_for(key, later=30))
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="Webhooks", exact=True)).to_be_visible()

    log_out(page)
    log_in(page, web, DANA)
    page.get_by_label("Code", exact=True).fill(codes[0])
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("link", name="Audit trail").click()
    expect(page.get_by_text("logged in with a recovery code of their own account")).to_be_visible()
