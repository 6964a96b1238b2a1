"""
Take the README's pictures from the running demo: `make screenshots`.

The demo is the one of `make run`, on a database of its own in a temporary folder. What the pictures
show has happened: verifications are emitted, delivered, refused and retried before they are taken.
"""

import os
import shutil
import signal
import subprocess
import sys
import urllib.request
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, Page, expect, sync_playwright

from portal.ports import is_free
from tests.servers import free_port
from tests.waiting import eventually

PROJECT = Path(__file__).parent.parent
PICTURES = PROJECT / "docs" / "images"

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
#: CSS pixels. The list is short, and so is its picture.
DESKTOP, LIST, PHONE = (
    {"width": width, "height": height} for width, height in ((1280, 720), (1280, 420), (390, 844))
)

#: How long the demo may take to come up, and a delivery to have used up its retries, in seconds.
PATIENCE = 90


@dataclass(frozen=True)
class Demo:
    """The portal, a worker, beat and an endpoint, as `make run` starts them."""

    folder: Path
    port: int
    receiver_port: int

    @property
    def address(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        inherited = {name: os.environ[name] for name in ("HOME", "LANG") if name in os.environ}
        return {
            **inherited,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "DJANGO_SETTINGS_MODULE": "tests.process_settings",
            "TESTS_FOLDER": str(self.folder),
            "DATABASE_URL": f"sqlite:///{self.folder}/demo.sqlite3",
            "SECRET_KEY": "pictures" * 10,
            "FIELD_ENCRYPTION_KEYS": urlsafe_b64encode(b"the key of a demo, 32 bytes long").decode(),
            "WEBHOOKS_ALLOW_LOOPBACK": "true",
            "PYTHONWARNINGS": "ignore",
            "PORTAL_PORT": str(self.port),
            "RECEIVER_PORT": str(self.receiver_port),
        }

    def manage(self, *arguments: str) -> None:
        command = [sys.executable, "manage.py", *arguments]
        subprocess.run(command, cwd=PROJECT, env=self.environment, stdout=subprocess.DEVNULL, check=True)

    def emit(self, event_type: str, count: int) -> None:
        """Have that many verifications end."""
        self.manage("emit", event_type, "--partner", "northwind", "--count", str(count))

    def endpoint(self, path: str) -> str:
        return f"http://localhost:{self.receiver_port}{path}"


@contextmanager
def running() -> Iterator[Demo]:
    """Start the demo in a folder of its own, and end it with all that it has started."""
    with TemporaryDirectory(prefix="portal-demo-") as folder:
        demo = Demo(Path(folder), *(port if is_free(port) else free_port() for port in (8000, 9000)))
        demo.manage("migrate", "--verbosity", "0")
        demo.manage("demo", "--port", str(demo.port), "--receiver-port", str(demo.receiver_port))
        command = "honcho --env /dev/null --procfile Procfile.dev start".split()
        with (Path(folder) / "log").open("w") as log:
            processes = subprocess.Popen(
                command, cwd=PROJECT, env=demo.environment, stdout=log, stderr=log, start_new_session=True
            )
            try:
                eventually(lambda: _answers(demo.address), within=PATIENCE)
                yield demo
            finally:
                os.killpg(processes.pid, signal.SIGINT)
                processes.wait(PATIENCE)


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/login/") as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


class Photographer:
    """A browser in which Dana is logged in, and what it takes pictures of."""

    def __init__(self, browser: Browser, demo: Demo) -> None:
        self.demo = demo
        self._browser = browser
        page = browser.new_page()
        page.goto(demo.address)
        page.get_by_label("E-mail address").fill("dana@northwind.example")
        page.get_by_label("Password").fill("northwind-demo")
        page.get_by_role("button", name="Log in").click()
        expect(page.get_by_role("heading", name="Webhooks", exact=True)).to_be_visible()
        self._session = page.context.storage_state()

    def open(self, path: str, *, size: dict[str, int] = DESKTOP, dark: bool = False) -> Page:
        """Open a page of the portal in a window of that size."""
        context = self._browser.new_context(
            viewport={"width": size["width"], "height": size["height"]},
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
            storage_state=self._session,
        )
        page = context.new_page()
        page.goto(self.demo.address + path)
        return page

    def create_webhook(self, url: str) -> str:
        """Create a webhook by its form and return the path of its page."""
        page = self.open("/webhooks/new/")
        page.get_by_label("Webhook URL").fill(url)
        page.get_by_role("button", name="Create").last.click()
        expect(page.get_by_text("is created. Test it now.")).to_be_visible()
        return page.url.removeprefix(self.demo.address)


def take(page: Page, name: str) -> None:
    """Take the picture of what the window shows."""
    page.screenshot(path=PICTURES / f"{name}.png", animations="disabled", caret="hide")
    print(f"{name}.png  {(PICTURES / f'{name}.png').stat().st_size // 1000} kB")


def tell(photographer: Photographer) -> None:
    """Have the README's first minute happen, and take its pictures on the way."""
    demo = photographer.demo
    for event_type, count in (("completed", 9), ("failed", 2), ("manual_review_completed", 3)):
        demo.emit(event_type, count)
    failing = photographer.create_webhook(demo.endpoint("/fail/503"))
    demo.emit("completed", 1)
    _take_a_retry(photographer, failing)
    overview = photographer.open(failing)
    expect(overview.get_by_text("Deactivated on")).to_be_visible(timeout=PATIENCE * 1000)
    take(photographer.open("/webhooks/", size=LIST), "webhooks")
    healthy = photographer.open("/webhooks/")
    healthy.get_by_role("row").filter(has_text="/ok").get_by_role("link").first.click()
    expect(healthy.get_by_text("Success rate")).to_be_visible()
    take(healthy, "webhook")
    take(photographer.open(failing, size=PHONE), "phone")


def _take_a_retry(photographer: Photographer, webhook: str) -> None:
    """Take the picture of a delivery between two of its attempts."""
    page = photographer.open(webhook, dark=True)
    page.get_by_role("row").filter(has_text="verification.completed").get_by_role("link").first.click()
    expect(page.get_by_text("Answered 503 Service Unavailable")).to_have_count(5, timeout=PATIENCE * 1000)
    take(page, "delivery")


def main() -> int:
    program = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if program is None:
        print("Pictures need Chromium; Debian's package is called chromium.")
        return 1
    PICTURES.mkdir(parents=True, exist_ok=True)
    with running() as demo, sync_playwright() as driver:
        # Chromium's own sandbox needs rights that containers do not give; it only meets our own pages here.
        browser = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        tell(Photographer(browser, demo))
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
