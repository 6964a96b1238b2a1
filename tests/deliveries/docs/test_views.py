"""The pages of the documentation."""

import re
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from deliveries.causes import Cause, explain
from deliveries.docs.facts import EXAMPLE_URL, FACTS
from deliveries.docs.pages import PAGES
from deliveries.docs.topics import GROUPS
from tests.deliveries.portal_client import client_of, text
from tests.factories import make_partner, make_webhook
from webhooks.event_types import EventType

pytestmark = [pytest.mark.django_db, pytest.mark.walk]

VIEWS = [page.view for page in PAGES]
READ = [page.view for page in PAGES if not page.is_for_editors]
EXAMPLES = [page.view for page in PAGES if page.has_examples]


class Found(HTMLParser):
    """The links and ids of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.ids: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "a":
            self.links.add(str(given["href"]))
        if given.get("id"):
            self.ids.append(str(given["id"]))


def shown(partner, view, query="", role="owner"):
    return text(client_of(partner, role=role).get(reverse(view) + query))


def plain(page):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", page))


@pytest.mark.parametrize("view", VIEWS)
def test_who_is_logged_out_logs_in_first(view):
    response = Client().get(reverse(view))
    assert response.status_code == 302
    assert response.headers["Location"].startswith("/login/")


@pytest.mark.parametrize("view", READ)
@pytest.mark.parametrize("role", ["owner", "developer", "viewer"])
def test_every_member_reads_every_page(view, role):
    assert "<h1" in shown(make_webhook().partner, view, role=role)


@pytest.mark.parametrize("view", READ)
def test_a_partner_without_a_webhook_reads_them_too(view):
    assert "<h1" in shown(make_partner(), view)


@pytest.mark.parametrize("view", READ)
def test_they_are_only_read(view):
    assert client_of(make_partner()).post(reverse(view)).status_code == 405


@pytest.mark.parametrize("view", VIEWS)
def test_the_webhook_of_another_partner_is_no_example(view):
    stranger = make_webhook()
    client = client_of(make_webhook().partner)
    for public_id in (stranger.public_id, "wh_never", "\0"):
        assert client.get(reverse(view), {"webhook": public_id}).status_code == 404


@pytest.mark.parametrize("view", EXAMPLES)
def test_examples_carry_the_address_of_the_chosen_webhook(view):
    first = make_webhook(url="https://first.northwind.com/in")
    second = make_webhook(partner=first.partner, url="https://second.northwind.com/in?token=canary")
    make_webhook(partner=make_partner(), url="https://stranger.northwind.com/in")
    chosen = shown(first.partner, view, f"?webhook={second.public_id}")
    assert "https://second.northwind.com/in?••••••••" in chosen
    assert "https://first.northwind.com" not in chosen
    assert "https://first.northwind.com/in" in shown(first.partner, view)
    for page in (chosen, shown(first.partner, view)):
        assert "canary" not in page
        assert "stranger" not in page


@pytest.mark.parametrize("view", EXAMPLES)
def test_without_a_webhook_they_carry_a_placeholder(view):
    assert EXAMPLE_URL in shown(make_partner(), view)


def test_the_choice_goes_on_with_the_reader():
    webhook = make_webhook()
    page = Found(shown(webhook.partner, "docs:quick_start", f"?webhook={webhook.public_id}"))
    assert f"/docs/retries/?webhook={webhook.public_id}" in page.links
    assert "/docs/retries/" in Found(shown(webhook.partner, "docs:quick_start")).links


@pytest.mark.parametrize("view", VIEWS)
def test_no_page_shows_a_secret(view):
    webhook = make_webhook(secret="canary-of-a-secret-0123456789", headers={"X-Key": "canary"})
    assert "canary" not in shown(webhook.partner, view, f"?webhook={webhook.public_id}")


@pytest.mark.parametrize("event_type", EventType)
def test_each_event_has_its_example(event_type):
    page = shown(make_partner(), "docs:requests", f"?type={event_type}")
    assert f"&quot;type&quot;: &quot;{event_type}&quot;" in page
    assert event_type.meaning in page


def test_the_example_is_shaped_by_the_webhooks_template():
    webhook = make_webhook(payload_template='{"mine": "{{ data.verificationId }}"}')
    assert "&quot;mine&quot;: &quot;ver_abc123&quot;" in shown(webhook.partner, "docs:requests")
    assert "shaped by this webhook" in shown(webhook.partner, "docs:requests")


def test_a_template_that_does_not_fit_says_so_there():
    webhook = make_webhook(payload_template='{"mine": "{{ data.metadata.nothing }}"}')
    assert "no field &quot;nothing&quot;" in shown(webhook.partner, "docs:requests")


@pytest.mark.parametrize(
    ("view", "stated"),
    [
        ("docs:quick_start", [f"within {FACTS['deadline']} seconds", FACTS["waits"]]),
        ("docs:requests", [f"{FACTS['body_bytes']:,} bytes", FACTS["user_agent"]]),
        (
            "docs:retries",
            ["16 s after the one before has ended", "31 s", f"{FACTS['attempts']} attempts in all"],
        ),
        ("docs:templates", [f"{FACTS['template_characters']:,} characters", "ver_abc123 is VERIFIED."]),
        ("docs:security", [f"{FACTS['answer_bytes']:,} bytes", f"{FACTS['header_name']} characters"]),
        ("docs:practices", [f"within {FACTS['tolerance']} minutes"]),
    ],
)
def test_numbers_are_stated(view, stated):
    page = plain(shown(make_partner(), view))
    assert [each for each in stated if each not in page] == []


def test_what_is_kept_how_long_is_as_it_is_set(settings):
    settings.PAYLOAD_RETENTION_DAYS = 17
    assert "kept for 17 days" in shown(make_partner(), "docs:retries")


@pytest.mark.parametrize(
    "topic", [each for _, group in GROUPS for each in group], ids=lambda each: each.anchor
)
def test_each_error_has_its_section(topic):
    found = Found(shown(make_partner(), "docs:troubleshooting"))
    assert topic.anchor in found.ids
    assert f"#{topic.anchor}" in found.links


def test_each_cause_is_among_them():
    ids = Found(shown(make_partner(), "docs:troubleshooting")).ids
    assert {explain(cause).anchor for cause in Cause} <= set(ids)


@pytest.mark.parametrize("role", ["owner", "viewer"])
def test_every_link_leads_somewhere(role):
    webhook = make_webhook()
    client = client_of(webhook.partner, role=role)
    todo, pages = {reverse(view) for view in READ}, {}
    for address in sorted(todo):
        pages[address] = Found(text(client.get(address)))
    for address, page in list(pages.items()):
        assert len(page.ids) == len(set(page.ids)), address
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme:
                assert link == "https://www.standardwebhooks.com/"
                continue
            target = parts.path or address
            if target not in pages:
                response = client.get(target, follow=True)
                assert response.status_code == 200, f"{address} links to {link}"
                pages[target] = Found(response.content.decode())
            assert not parts.fragment or parts.fragment in pages[target].ids, f"{address} links to {link}"


def test_viewers_are_not_sent_to_the_debugger():
    partner = make_partner()
    for view in READ:
        assert reverse("docs:signature_debugger") not in shown(partner, view, role="viewer")


@pytest.mark.parametrize("view", READ)
def test_a_page_costs_the_same_however_many_webhooks_there_are(view, django_assert_max_num_queries):
    partner = make_partner()
    client = client_of(partner)
    for _ in range(3):
        make_webhook(partner=partner)
    with django_assert_max_num_queries(6):
        client.get(reverse(view))
