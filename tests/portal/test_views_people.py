"""The page of people, and what owners do there."""

import smtplib
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal import people
from portal.models import AuditEntry, Invitation, Membership
from tests.factories import make_authenticator, make_invitation, make_member, make_user

pytestmark = pytest.mark.django_db

SAM = "sam@northwind.example"


@pytest.fixture(autouse=True)
def nothing_counted() -> None:
    cache.clear()


@pytest.fixture
def owner() -> Membership:
    return make_member(user=make_user(email="dana@northwind.example", name="Dana Reyes"))


@pytest.fixture
def sam(owner: Membership) -> Membership:
    return make_member(partner=owner.partner, user=make_user(email=SAM), role="developer")


@pytest.fixture
def client(owner: Membership, client: Client) -> Client:
    client.force_login(owner.user)
    return client


def as_(member: Membership) -> Client:
    client = Client()
    client.force_login(member.user)
    return client


def shown(response: Any) -> str:
    return str(response.content.decode())


def told(client: Client, url: str, form: dict[str, str] | None = None) -> str:
    """Return the page that a posted form leads to, where a message says what came of it."""
    return shown(client.post(url, form or {}, follow=True))


# --- The list ----------------------------------------------------------------------------------------


def test_it_lists_members_with_role_login_and_two_factor(client: Client, sam: Membership) -> None:
    make_authenticator(sam.user)
    page = shown(client.get("/people/"))
    for words in ("Dana Reyes", "dana@northwind.example", "Owner", SAM, "Developer", "never", "just now"):
        assert words in page, words
    assert page.count('class="pill good"') == 1


def test_it_lists_invitations_with_what_can_be_done(client: Client, owner: Membership) -> None:
    invitation = make_invitation(partner=owner.partner, email="kim@northwind.example")
    make_invitation(partner=owner.partner, email="done@northwind.example", accepted_at=timezone.now())
    make_invitation(partner=owner.partner, email="late@northwind.example", expires_at=timezone.now())
    page = shown(client.get("/people/"))
    assert f"/people/invitations/{invitation.public_id}/resend/" in page
    assert "expired" in page
    assert "done@northwind.example" not in page


@pytest.mark.parametrize("role", ["developer", "viewer"])
def test_the_others_see_the_list_and_no_buttons(owner: Membership, role: str) -> None:
    invitation = make_invitation(partner=owner.partner)
    page = shown(as_(make_member(partner=owner.partner, role=role)).get("/people/"))
    assert "dana@northwind.example" in page
    assert invitation.email in page
    for address in ("/people/invite/", "/resend/", "/withdraw/", "/people/two-factor/", owner.public_id):
        assert address not in page


def test_it_costs_the_same_however_many_there_are(client: Client, owner: Membership) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            client.get("/people/")
        return len(asked)

    make_invitation(partner=owner.partner)
    before = queries()
    for _ in range(5):
        make_authenticator(make_member(partner=owner.partner).user)
        make_invitation(partner=owner.partner)
    assert queries() == before


# --- Inviting ----------------------------------------------------------------------------------------


def test_an_invitation_leaves_with_a_link(client: Client, owner: Membership, mailoutbox: Any) -> None:
    page = told(client, "/people/invite/", {"email": SAM, "role": "viewer"})
    assert f"An invitation is on its way to {SAM}." in page
    (mail,) = mailoutbox
    assert mail.to == [SAM]
    html = mail.alternatives[0].content
    token = mail.body.partition("/invitation/")[2].partition("/")[0]
    found = people.find(token)
    assert found is not None
    assert found.role == "viewer"
    for text in (mail.body, html):
        assert f"http://testserver/invitation/{token}/" in text
        assert "dana@northwind.example" in text
        assert owner.partner.name in text


def test_a_name_cannot_write_into_the_mail(client: Client, owner: Membership, mailoutbox: Any) -> None:
    owner.partner.name = "<b>Evil</b>\nBcc: all@example.com"
    owner.partner.save()
    client.post("/people/invite/", {"email": SAM, "role": "viewer"})
    (mail,) = mailoutbox
    assert "<b>" not in mail.alternatives[0].content
    assert "\n" not in mail.subject
    assert mail.recipients() == [SAM]


def test_whether_an_address_has_an_account_cannot_be_told(client: Client) -> None:
    make_user(email=SAM)
    known = told(client, "/people/invite/", {"email": SAM, "role": "viewer"})
    unknown = told(client, "/people/invite/", {"email": "nobody@northwind.example", "role": "viewer"})
    for words in ("is on its way to",):
        assert (words in known, words in unknown) == (True, True)
    assert known.count("banner good") == unknown.count("banner good")


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({}, "Type the address"),
        ({"email": "sam", "role": "viewer"}, "It looks like name@company.com"),
        ({"email": SAM}, "Choose a role"),
        ({"email": SAM, "role": "king"}, "There is no such role"),
        ({"email": "dana@northwind.example", "role": "viewer"}, "is a member already"),
    ],
)
def test_what_cannot_be_sent_says_why(
    client: Client, mailoutbox: Any, form: dict[str, str], words: str
) -> None:
    assert words in shown(client.post("/people/invite/", form))
    assert not mailoutbox


def test_a_mail_that_did_not_leave_is_told_and_can_be_resent(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise smtplib.SMTPServerDisconnected("no server")

    monkeypatch.setattr("django.core.mail.EmailMultiAlternatives.send", refuse)
    page = told(client, "/people/invite/", {"email": SAM, "role": "viewer"})
    assert "the e-mail did not leave. Resend it in a few minutes." in page
    assert Invitation.objects.open().filter(email=SAM).exists()


def test_resending_sends_another_link(client: Client, owner: Membership, mailoutbox: Any) -> None:
    invitation = make_invitation(partner=owner.partner, token="old")
    page = told(client, f"/people/invitations/{invitation.public_id}/resend/")
    assert f"An invitation is on its way to {invitation.email}." in page
    assert len(mailoutbox) == 1
    assert people.find("old") is None


def test_what_was_withdrawn_meanwhile_is_not_resent(
    client: Client, owner: Membership, mailoutbox: Any
) -> None:
    invitation = make_invitation(partner=owner.partner, withdrawn_at=timezone.now())
    page = told(client, f"/people/invitations/{invitation.public_id}/resend/")
    assert "accepted or withdrawn in the meantime" in page
    assert not mailoutbox


def test_withdrawing_ends_the_link(client: Client, owner: Membership) -> None:
    invitation = make_invitation(partner=owner.partner, token="old")
    page = told(client, f"/people/invitations/{invitation.public_id}/withdraw/")
    assert "is withdrawn" in page
    assert people.find("old") is None


# --- Roles and removing ------------------------------------------------------------------------------


def test_an_owner_gives_another_role(client: Client, sam: Membership) -> None:
    page = told(client, f"/people/{sam.public_id}/", {"role": "viewer"})
    assert f"{SAM} is a viewer now." in page
    assert Membership.objects.get(pk=sam.pk).role == "viewer"


def test_the_role_that_they_have_is_marked(client: Client, sam: Membership) -> None:
    page = shown(client.get(f"/people/{sam.public_id}/"))
    assert 'value="developer"' in page.partition(" checked")[0].rpartition("<input")[2]


def test_an_unknown_role_is_refused_in_words(client: Client, sam: Membership) -> None:
    assert "There is no such role" in shown(client.post(f"/people/{sam.public_id}/", {"role": "king"}))
    assert Membership.objects.get(pk=sam.pk).role == "developer"


def test_the_only_owner_keeps_their_role_and_reads_why(client: Client, owner: Membership) -> None:
    page = told(client, f"/people/{owner.public_id}/", {"role": "viewer"})
    assert "is the only owner. Make somebody else an owner first." in page


def test_removing_asks_first_and_then_does_it(client: Client, sam: Membership) -> None:
    url = f"/people/{sam.public_id}/remove/"
    assert SAM in shown(client.get(url))
    assert Membership.objects.filter(pk=sam.pk).exists()
    assert f"{SAM} is removed" in told(client, url)
    assert not Membership.objects.filter(pk=sam.pk).exists()


def test_whoever_is_removed_sees_nothing_from_the_next_request_on(client: Client, sam: Membership) -> None:
    browser = as_(sam)
    assert browser.get("/webhooks/").status_code == 200
    client.post(f"/people/{sam.public_id}/remove/")
    response = browser.get("/webhooks/")
    assert response.status_code == 403
    assert "You are not a member of any partner yet" in shown(response)


def test_somebody_of_two_partners_goes_on_at_the_other(client: Client, sam: Membership) -> None:
    other, browser = make_member(user=sam.user), as_(sam)
    browser.post("/partner/", {"partner": sam.partner.slug})
    client.post(f"/people/{sam.public_id}/remove/")
    page = shown(browser.get("/people/"))
    assert other.partner.name in page
    assert "dana@northwind.example" not in page


def test_somebody_else_removed_them_meanwhile(
    client: Client, sam: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: Any, **__: Any) -> None:
        raise Membership.DoesNotExist

    monkeypatch.setattr(people, "change_role", gone)
    assert "removed in the meantime" in told(client, f"/people/{sam.public_id}/", {"role": "viewer"})


# --- Leaving -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["owner", "developer", "viewer"])
def test_everybody_can_leave(owner: Membership, role: str) -> None:
    member = make_member(partner=owner.partner, role=role)
    browser = as_(member)
    assert browser.get("/people/leave/").status_code == 200
    assert Membership.objects.filter(pk=member.pk).exists()
    assert browser.post("/people/leave/").status_code == 302
    assert browser.get("/webhooks/").status_code == 403


def test_whoever_is_removed_while_leaving_has_left(
    client: Client, sam: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave, browser = people.leave, as_(sam)

    def be_removed_first(member: Membership) -> None:
        client.post(f"/people/{sam.public_id}/remove/")
        leave(member)

    monkeypatch.setattr(people, "leave", be_removed_first)
    assert browser.post("/people/leave/").status_code == 302
    assert browser.get("/webhooks/").status_code == 403


def test_the_only_owner_cannot_leave_and_reads_why(client: Client) -> None:
    assert "is the only owner" in told(client, "/people/leave/")


# --- Two-factor for everybody ------------------------------------------------------------------------


def test_a_partner_that_requires_two_factor_lets_nobody_in_without(client: Client, sam: Membership) -> None:
    client.post("/people/two-factor/", {"required": "yes"})
    for browser in (client, as_(sam)):
        for url in ("/webhooks/", "/people/", "/deliveries/", "/audit/"):
            assert browser.get(url)["Location"] == "/profile/two-factor/"
        assert browser.get("/webhooks/", headers={"HX-Request": "true"}).status_code == 403
    page = shown(client.get("/profile/two-factor/"))
    assert f"{sam.partner.name} requires two-factor." in page


def test_it_can_be_left_to_everybody_again(owner: Membership, client: Client, sam: Membership) -> None:
    client.post("/people/two-factor/", {"required": "yes"})
    people.require_two_factor(required=False, by=owner)
    assert client.get("/webhooks/").status_code == 200


# --- Who may not -------------------------------------------------------------------------------------

OWNERS_ONLY = ["invite/", "two-factor/", "{member}/", "{member}/remove/"]
OWNERS_ONLY += ["invitations/{invitation}/resend/", "invitations/{invitation}/withdraw/"]


@pytest.mark.parametrize("path", OWNERS_ONLY)
@pytest.mark.parametrize("role", ["developer", "viewer"])
def test_only_owners_decide(owner: Membership, sam: Membership, path: str, role: str) -> None:
    invitation = make_invitation(partner=owner.partner)
    url = "/people/" + path.format(member=sam.public_id, invitation=invitation.public_id)
    form = {"email": "new@example.com", "role": "owner", "required": "yes"}
    response = as_(make_member(partner=owner.partner, role=role)).post(url, form)
    assert response.status_code == 403
    assert "Only owners can change this. Ask one of them." in shown(response)
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("path", [each for each in OWNERS_ONLY if "invitations" in each or "two" in each])
def test_a_link_alone_changes_nothing(client: Client, owner: Membership, path: str) -> None:
    invitation = make_invitation(partner=owner.partner)
    assert client.get("/people/" + path.format(invitation=invitation.public_id)).status_code == 405
