"""The audit trail's page."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.html import strip_tags

from deliveries.models import Delivery
from portal import audit
from portal.audit import Action
from portal.models import AuditEntry, Membership
from portal.paging import PAGE_SIZE
from tests.factories import make_delivery, make_member, make_user, make_webhook

pytestmark = pytest.mark.django_db

DANA, SAM = "dana@northwind.example", "sam@northwind.example"


@pytest.fixture
def member() -> Membership:
    return make_member(user=make_user(email=DANA))


@pytest.fixture
def client(member: Membership, client: Client) -> Client:
    client.force_login(member.user)
    return client


def record(member: Membership, action: Action = Action.CHANGED, **more: Any) -> Any:
    """Write down something about a webhook, and return the webhook."""
    webhook = more.pop("webhook", None) or make_webhook(partner=member.partner)
    audit.record(action, webhook, **{"by": DANA, "partner": member.partner, **more})
    return webhook


def shown(client: Client, **asked: str) -> str:
    response = client.get("/audit/", asked)
    assert response.status_code == 200
    return response.content.decode()


def rows(page: str) -> list[str]:
    """Return the text of each line."""
    cells = page.partition("<tbody>")[2].partition("</tbody>")[0].split("<tr>")[1:]
    return [" ".join(strip_tags(cell).split()) for cell in cells]


def test_each_entry_reads_as_a_sentence(client: Client, member: Membership) -> None:
    webhook = record(member, Action.SECRET_ROLLED, detail="24 h overlap")
    assert rows(shown(client)) == [f"{DANA} rolled the secret of {webhook.host} 24 h overlap just now"]


def test_the_newest_comes_first(client: Client, member: Membership) -> None:
    record(member, Action.CREATED)
    record(member, Action.DELETED)
    assert [row.split()[1] for row in rows(shown(client))] == ["deleted", "created"]


def test_what_people_do_to_themselves_is_told_so(client: Client, member: Membership) -> None:
    audit.record_everywhere(Action.PASSWORD_CHANGED, member.user)
    assert rows(shown(client)) == [f"{DANA} changed the password of their own account just now"]


def test_a_webhook_is_linked_while_it_is_there(client: Client, member: Membership) -> None:
    webhook = record(member)
    link = f'<a href="/webhooks/{webhook.public_id}/">{webhook.host}</a>'
    assert link in shown(client)
    webhook.delete_softly()
    page = shown(client)
    assert (link in page, webhook.host in page) == (False, True)


def test_a_delivery_is_linked_while_it_is_there(client: Client, member: Membership) -> None:
    delivery = make_delivery(webhook=make_webhook(partner=member.partner))
    audit.record(Action.RESENT, delivery, by=DANA, partner=member.partner)
    link = f'<a href="/deliveries/{delivery.public_id}/">'
    assert link in shown(client)
    Delivery.objects.all().delete()
    assert link not in shown(client)


def test_another_partners_object_is_never_linked(client: Client, member: Membership) -> None:
    webhook = record(member, webhook=make_webhook())
    assert f"/webhooks/{webhook.public_id}/" not in shown(client)


def test_another_partners_entries_are_not_there(client: Client) -> None:
    record(make_member(), Action.DELETED)
    assert "Nothing yet" in shown(client)


# --- The filter --------------------------------------------------------------------------------------


def test_it_filters_by_person_in_any_case_and_by_action(client: Client, member: Membership) -> None:
    record(member, Action.CREATED)
    record(member, Action.DELETED, by=SAM)
    record(member, Action.CREATED, by=SAM)
    assert [row.split()[1] for row in rows(shown(client, person=SAM.upper()))] == ["created", "deleted"]
    assert [row.split()[0] for row in rows(shown(client, action="created"))] == [SAM, DANA]
    assert len(rows(shown(client, person=SAM, action="created"))) == 1


def test_the_filter_stands_in_the_form_and_in_the_pages(client: Client, member: Membership) -> None:
    webhook = make_webhook(partner=member.partner)
    for _ in range(PAGE_SIZE + 1):
        record(member, webhook=webhook)
    page = shown(client, person=DANA, action="changed")
    assert f'value="{DANA}"' in page
    assert '<option value="changed" selected>' in page
    assert "person=dana%40northwind.example&amp;action=changed&amp;before=aud_" in page


def test_members_are_suggested(client: Client, member: Membership) -> None:
    make_member(partner=member.partner, user=make_user(email=SAM))
    make_member(user=make_user(email="stranger@example.com"))
    page = shown(client)
    assert f'<option value="{SAM}">' in page
    assert "stranger@example.com" not in page


def test_none_that_match_is_not_nothing_yet(client: Client, member: Membership) -> None:
    record(member)
    assert "None match the filter" in shown(client, person="nobody@example.com")


def test_an_action_that_there_is_not_says_so(client: Client, member: Membership) -> None:
    record(member)
    page = shown(client, action="conjured")
    assert "the filter cannot be understood" in page
    assert rows(page) == []


# --- Pages -------------------------------------------------------------------------------------------


def test_older_ones_are_on_the_next_page_each_once(client: Client, member: Membership) -> None:
    webhook = make_webhook(partner=member.partner)
    for number in range(2 * PAGE_SIZE + 1):
        record(member, webhook=webhook, detail=f"entry-{number}-")
    seen: list[str] = []
    page = shown(client)
    for _ in range(3):
        seen += rows(page)
        before = page.partition("before=")[2].partition('"')[0] if "Older" in page else ""
        page = shown(client, before=before) if before else page
    numbers = [int(row.partition("entry-")[2].partition("-")[0]) for row in seen]
    assert numbers == list(reversed(range(2 * PAGE_SIZE + 1)))


def test_it_costs_the_same_however_long_it_is(client: Client, member: Membership) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            shown(client)
        return len(asked)

    record(member)
    delivery = make_delivery(webhook=make_webhook(partner=member.partner))
    audit.record(Action.RESENT, delivery, by=DANA, partner=member.partner)
    before = queries()
    for _ in range(PAGE_SIZE + 5):
        record(member)
    assert queries() <= before


def test_a_fragment_is_the_list_alone(client: Client, member: Membership) -> None:
    record(member)
    page = client.get("/audit/", headers={"HX-Request": "true"}).content.decode()
    assert page.strip().startswith('<section id="log"')


# --- Who ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("role", "status"), [("owner", 200), ("developer", 200), ("viewer", 403)])
def test_owners_and_developers_see_it(role: str, status: int) -> None:
    client = Client()
    client.force_login(make_member(role=role).user)
    response = client.get("/audit/")
    assert response.status_code == status
    assert ("Viewers do not see the audit trail" in response.content.decode()) is (status == 403)
    assert ('href="/audit/"' in client.get("/webhooks/").content.decode()) is (status == 200)


def test_strangers_are_sent_to_the_login() -> None:
    assert Client().get("/audit/")["Location"] == "/login/?next=/audit/"


def test_it_cannot_be_posted_to(client: Client) -> None:
    assert client.post("/audit/").status_code == 405


def test_no_kind_of_action_lacks_words() -> None:
    for action in AuditEntry.Action:
        assert action.label
        assert "_" not in action.label
