"""A real browser, and what no page may do in it."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Playwright,
    Route,
    sync_playwright,
)
from pytest_django import DjangoDbBlocker

from portal.models import User
from tests.conftest import CHROMIUM, redis_url
from tests.stack import Process, Stack
from tests.waiting import eventually

#: A desktop and a phone, in CSS pixels.
SIZES = {"desktop": (1280, 800), "phone": (390, 844)}

#: What a page hears when one of its tests has ended, and answers by asking for itself.
REFRESH = "document.body.dispatchEvent(new Event('tested'))"

#: What is said when a page asks no longer: somebody has left it, or asked for something else meanwhile.
GIVEN_UP = ("net::ERR_ABORTED", "htmx:sendAbort", "htmx:afterRequest")


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


@pytest.fixture(scope="session")
def mail_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the portal's e-mail lands, as files."""
    return tmp_path_factory.mktemp("mail")


@pytest.fixture(scope="session")
def running(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
    mail_folder: Path,
) -> Iterator[tuple[Stack, Process, str]]:
    """The portal's web process and its address: one for all tests, which differ in the rows it finds."""
    with django_db_blocker.unblock():
        processes = Stack(tmp_path_factory.mktemp("stack"), redis_url())
    try:
        yield processes, *processes.web(EMAIL_URL=f"filemail:///{mail_folder}")
    finally:
        processes.end()


@pytest.fixture
def stack(running: tuple[Stack, Process, str], transactional_db: None) -> Iterator[Stack]:
    """Real processes, of which the web process stays for the next test."""
    processes, web, _ = running
    processes.connect()
    yield processes
    processes.end(but=web)
    for schedule in processes.folder.glob("celerybeat-schedule*"):  # of a beat that was killed
        schedule.unlink()


@pytest.fixture
def portal(running: tuple[Stack, Process, str], stack: Stack) -> str:
    """The portal's address."""
    return running[2]


@pytest.fixture
def mails(mail_folder: Path) -> Iterator[Path]:
    """The portal's e-mail, of this test only."""
    yield mail_folder
    for mail in mail_folder.iterdir():
        mail.unlink()


@pytest.fixture
def complaints() -> Iterator[list[str]]:
    """What the browser's console said and what did not load; a test fails for any that it leaves here."""
    complaints: list[str] = []
    yield complaints
    assert not complaints, complaints


@pytest.fixture
def open_browser(browser: Browser, complaints: list[str], stack: Stack) -> Iterator[Callable[..., Page]]:
    """Open a window of some size; it is closed before the rows that it asks for are gone."""
    contexts: list[BrowserContext] = []

    def complain(text: str) -> None:
        if not any(words in text for words in GIVEN_UP):
            complaints.append(text)

    def hear(said: ConsoleMessage) -> None:
        if said.type in {"error", "warning"}:
            complain(said.text)

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
        page.on("console", hear)
        page.on("pageerror", lambda error: complain(str(error)))
        page.on("requestfailed", lambda failed: complain(f"{failed.url}: {failed.failure}"))
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
    # A click waits for the first bytes of the page that it opens, not for the last.
    page.wait_for_load_state()
    # What passes is not described, which takes most of the time.
    options = {"resultTypes": ["violations"], **({"runOnly": rules} if rules else {})}
    results = Axe().run(page, options=options)
    assert not results.violations_count, f"{page.url}\n{results.generate_report()}"
    too_wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert too_wide <= 0, f"{page.url} is {too_wide} px wider than its window."


def amid_refreshes(page: Page, choose: Callable[[], object]) -> None:
    """Have the page ask for itself, *choose*, and have it ask again, all before the first answer comes."""
    asked: list[Route] = []

    def hold(route: Route) -> None:
        asked.append(route)
        if len(asked) > 2:
            route.continue_()

    def have_asked() -> int:
        page.evaluate("")  # lets the browser tell of it
        return len(asked)

    page.route("**/webhooks/**", hold)
    page.evaluate(REFRESH)
    eventually(lambda: have_asked() == 1)
    choose()
    eventually(lambda: have_asked() == 2)
    page.evaluate(REFRESH)
    for route in asked[:2]:
        route.continue_()
    page.unroute("**/webhooks/**", hold)
