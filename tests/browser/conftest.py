"""A real browser, and what no page may do in it."""

import shutil
from collections.abc import Callable, Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright, sync_playwright

from portal.models import User
from tests.conftest import CHROMIUM

#: A desktop and a phone, in CSS pixels.
SIZES = {"desktop": (1280, 800), "phone": (390, 844)}


@pytest.fixture(scope="session")
def playwright(django_db_setup: None) -> Iterator[Playwright]:
    # Playwright keeps an event loop in this thread. Tests wait for each call, so Django may go on.
    with pytest.MonkeyPatch.context() as environment, sync_playwright() as driver:
        environment.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        yield driver


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    program = next(filter(None, map(shutil.which, CHROMIUM)))
    # Chromium's own sandbox needs rights that containers do not give; it only meets our own pages here.
    browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
    yield browser
    browser.close()


@pytest.fixture
def complaints() -> Iterator[list[str]]:
    """What the browser's console said and what did not load; a test fails for any that it leaves here."""
    complaints: list[str] = []
    yield complaints
    assert not complaints, complaints


@pytest.fixture
def open_browser(browser: Browser, complaints: list[str]) -> Iterator[Callable[..., Page]]:
    """Open a window of some size."""
    contexts: list[BrowserContext] = []

    def complain(said: ConsoleMessage) -> None:
        if said.type in {"error", "warning"}:
            complaints.append(said.text)

    def open_window(size: str = "desktop", *, javascript: bool = True, dark: bool = False) -> Page:
        width, height = SIZES[size]
        context = browser.new_context(
            viewport={"width": width, "height": height},
            java_script_enabled=javascript,
            color_scheme="dark" if dark else "light",
        )
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        page.on("console", complain)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("requestfailed", lambda failed: complaints.append(f"{failed.url}: {failed.failure}"))
        return page

    yield open_window
    for context in contexts:
        context.close()


def enter(page: Page, portal: str, user: User | None) -> Page:
    """Be logged in as *user* from the next page on."""
    if user:
        client = Client()
        client.force_login(user)
        cookie = client.cookies[settings.SESSION_COOKIE_NAME]
        page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": portal}])
    return page


def check_page(page: Page, *, rules: list[str] | None = None) -> None:
    """Fail if the page breaks a rule of accessibility (of *rules* alone), or is wider than its window."""
    # What passes is not described, which takes most of the time.
    options = {"resultTypes": ["violations"], **({"runOnly": rules} if rules else {})}
    results = Axe().run(page, options=options)
    assert not results.violations_count, f"{page.url}\n{results.generate_report()}"
    too_wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert too_wide <= 0, f"{page.url} is {too_wide} px wider than its window."
