"""Every page that the portal has: at both widths, in light and dark, and with nothing that moves."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page

from deliveries.models import AlertMail, Delivery
from portal.models import User
from tests.browser.conftest import SIZES, check_page, enter
from tests.factories import (
    make_alert,
    make_alert_mail,
    make_attempt,
    make_authenticator,
    make_delivery,
    make_event,
    make_hour,
    make_member,
    make_webhook,
)
from tests.test_tenancy import ADMIN, ALL, ARGUMENTS, OBJECTS, World

pytestmark = pytest.mark.browser

#: Elements with an animation, or a transition of more than a hundredth of a second.
MOVING = """() => {
    const lasts = (each) =>
        Math.max(...getComputedStyle(each).transitionDuration.split(",").map(parseFloat));
    const animations = document.getAnimations().map((each) => `animation ${each.animationName}`);
    const moving = [...document.querySelectorAll("*")].filter((each) => lasts(each) > 0.01);
    return moving.map((each) => each.outerHTML.slice(0, 200)).concat(animations);
}"""


#: Addresses that answer without a page.
FOR_MACHINES = {"security_txt", "health", "deliveries:metrics"}


@dataclass(frozen=True)
class Visitor:
    """Somebody who asks for pages: a person, or nobody who is known."""

    user: User | None

    def gets(self, path: str) -> bool:
        """Tell whether a page answers, and no form's target, file or way to somewhere else."""
        client = Client()
        if self.user:
            client.force_login(self.user)
        response = client.get(path)
        assert response.status_code < 500, path
        return response.status_code == 200 and response.headers["Content-Type"].startswith("text/html")


@pytest.fixture
def world(stack) -> World:
    """A partner about whom every page has something to say."""
    webhook = make_webhook(
        headers={"X-Api-Key": "value"}, outcomes="sssfssff", succeeded_count=5, failed_count=3
    )
    make_hour(webhook=webhook, succeeded=5, failed=3)
    delivery = make_delivery(
        webhook=webhook,
        event=make_event(partner=webhook.partner),
        status=Delivery.Status.FAILED,
        attempt_count=2,
        last_cause="status",
        last_status_code=500,
        last_duration_ms=84,
    )
    for _ in range(2):
        make_attempt(delivery=delivery, status_code=500)
    for status in (Delivery.Status.HELD, Delivery.Status.CANCELED, Delivery.Status.SUCCEEDED):
        make_delivery(webhook=webhook, status=status)
    make_alert_mail(alert=make_alert(webhook=webhook), status=AlertMail.Status.SENT)
    inactive = make_webhook(partner=webhook.partner, url="https://hooks.northwind.com/" + "long-" * 40)
    inactive.deactivate(reason="The certificate expired.")
    make_webhook(partner=webhook.partner)
    return World(webhook.partner, webhook, delivery)


@pytest.fixture
def visitors(world) -> list[Visitor]:
    """An owner of two partners, one who uses two-factor, and nobody."""
    owner, careful = make_member(partner=world.partner).user, make_member(partner=world.partner).user
    make_member(user=owner)
    make_authenticator(careful)
    return [Visitor(owner), Visitor(careful), Visitor(None)]


def paths(world: World) -> Iterator[str]:
    """Yield the path of every address that people read, with an object where it takes one."""
    for name in ALL.keys() - ADMIN.keys() - FOR_MACHINES:
        arguments = [world.ids[OBJECTS[name].kind]] if name in OBJECTS else ARGUMENTS.get(name, [])
        yield reverse(name, args=arguments)


def test_every_page_is_accessible_at_both_widths_in_light_and_dark_and_keeps_still(
    open_browser, portal, world, visitors
):
    unseen = set(paths(world))
    for visitor in visitors:
        page = enter(open_browser(), portal, visitor.user)
        seen = sorted(path for path in unseen if visitor.gets(path))
        for path in seen:
            page.goto(portal + path)
            check_in_light_and_dark(page)
        unseen -= set(seen)


def check_in_light_and_dark(page: Page) -> None:
    """Check everything at a desktop's width in light, and what another width and dark can change."""
    resize(page, "desktop")
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    check_page(page)
    assert page.evaluate(MOVING) == [], page.url
    resize(page, "phone")
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    check_page(page, rules=["color-contrast", "target-size"])


def resize(page: Page, size: str) -> None:
    width, height = SIZES[size]
    page.set_viewport_size({"width": width, "height": height})
