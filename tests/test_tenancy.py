"""
Two partners' data never meet: a walk over every address that the portal has.

A new address fails the suite until it is declared here, with an object that belongs to it and, for
what is posted, a form that would change something. Each declared page is then asked for by everybody
who must not have it, in every method, with the id of every kind of object; what they get must be what
an id that never was gets, and no row may change. That the walk sees a missing filter is shown by
taking the filter away: `pytest tests/test_tenancy.py -k filter`.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import pytest
from django.apps import apps
from django.db.models import Model, QuerySet
from django.http import HttpResponseBase
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from deliveries.models import Delivery
from portal import access, audit
from portal.access import PARTNER_KEY
from portal.ids import new_id
from portal.models import AuditEntry, Invitation, Membership, Partner
from tests.factories import (
    make_attempt,
    make_delivery,
    make_event,
    make_invitation,
    make_member,
    make_partner,
    make_webhook,
)
from webhooks.event_types import EventType
from webhooks.models import Webhook, generate_secret
from webhooks.rolling import Overlap

pytestmark = [pytest.mark.django_db, pytest.mark.walk]

HTMX = {"HX-Request": "true"}


@dataclass(frozen=True)
class Way:
    """How a page is asked for."""

    method: str
    headers: dict[str, str] = field(default_factory=dict)

    def ask(self, client: Client, url: str, form: dict[str, str]) -> Any:
        return getattr(client, self.method.lower())(url, form, headers=self.headers)


METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
WAYS = (*map(Way, METHODS), Way("GET", HTMX), Way("POST", HTMX))

ROOMS = ("portal", "webhooks", "deliveries")

NO_HEADERS = {"headers-TOTAL_FORMS": "0", "headers-INITIAL_FORMS": "0"}


@dataclass
class World:
    """A partner with one object of each kind. Everybody else is a stranger to it."""

    partner: Partner
    webhook: Webhook
    delivery: Delivery
    member: Membership = field(init=False)
    invitation: Invitation = field(init=False)
    entry: AuditEntry = field(init=False)

    def __post_init__(self) -> None:
        self.member = make_member(partner=self.partner, role=Membership.Role.VIEWER)
        self.invitation = make_invitation(partner=self.partner)
        audit.record(audit.Action.CHANGED, self.webhook, by="dana@northwind.example", partner=self.partner)
        self.entry = AuditEntry.objects.get(partner=self.partner)

    @property
    def ids(self) -> dict[str, str]:
        """Return the public id of each kind of object."""
        return {
            "webhook": self.webhook.public_id,
            "delivery": self.delivery.public_id,
            "event": self.delivery.event.public_id,
            "header": self.webhook.headers.get().public_id,
            "member": self.member.public_id,
            "invitation": self.invitation.public_id,
            "entry": self.entry.public_id,
        }


@dataclass(frozen=True)
class Page:
    """An address with one object in it: which kind, and a form that changes something when posted."""

    kind: str
    form: Callable[[World], dict[str, str]] | None = None
    prepare: Callable[[World], object] = lambda _: None


def _edit(world: World) -> dict[str, str]:
    return {
        **NO_HEADERS,
        "url": "https://changed.northwind.com/",
        "secret": "",
        "event_types": EventType.EXPIRED,
    }


def _roll(webhook: Webhook) -> None:
    webhook.signing_secrets = webhook.signing_secrets.rolled(
        to=generate_secret(), overlap=Overlap.DAY, at=timezone.now()
    )
    webhook.save_secrets()


#: Every address that names an object of a partner.
OBJECTS = {
    "webhooks:edit": Page("webhook", _edit),
    "webhooks:secret": Page("webhook", lambda _: {}),
    "deliveries:activate": Page("webhook", lambda _: {}, prepare=lambda world: world.webhook.deactivate()),
    "webhooks:deactivate": Page("webhook", lambda _: {}),
    "webhooks:delete": Page("webhook", lambda world: {"host": world.webhook.host}),
    "webhooks:roll_secret": Page("webhook", lambda _: {"overlap": "24h"}),
    "webhooks:end_overlap": Page("webhook", lambda _: {}, prepare=lambda world: _roll(world.webhook)),
    "deliveries:webhook": Page("webhook"),
    "deliveries:log": Page("webhook"),
    "deliveries:payload": Page("webhook"),
    "deliveries:trial": Page("webhook"),
    "deliveries:test": Page("webhook", lambda _: {"event_type": "verification.completed"}),
    "deliveries:delivery": Page("delivery"),
    "deliveries:resend": Page("delivery", lambda _: {}),
    "deliveries:resend_lost": Page("webhook", lambda _: {"since": "2020-01-01T00:00"}),
    "member": Page("member", lambda _: {"role": Membership.Role.DEVELOPER}),
    "remove_member": Page("member", lambda _: {}),
    "resend_invitation": Page("invitation", lambda _: {}),
    "withdraw_invitation": Page("invitation", lambda _: {}),
}

#: Every address that shows what belongs to whoever asks, and what it is asked beside that.
OWN = {
    "webhooks:list": {},
    "webhooks:create": {},
    "deliveries:alerts": {},
    "deliveries:list": {"webhook": "webhook", "before": "delivery"},
    "deliveries:catalogue": {},
    "people": {},
    "invite": {},
    "audit_trail": {"before": "entry"},
    "docs:quick_start": {"webhook": "webhook"},
    "docs:requests": {"webhook": "webhook"},
    "docs:signatures": {"webhook": "webhook"},
    "docs:retries": {"webhook": "webhook"},
    "docs:templates": {"webhook": "webhook"},
    "docs:testing": {"webhook": "webhook"},
    "docs:practices": {"webhook": "webhook"},
    "docs:security": {"webhook": "webhook"},
    "docs:troubleshooting": {"webhook": "webhook"},
    "docs:signature_debugger": {"webhook": "webhook", "delivery": "delivery"},
}

#: Every address that shows nobody's data, or only that of the person who asks.
PERSONAL = {
    "home",
    "login",
    "logout",
    "password_reset",
    "password_reset_done",
    "password_reset_confirm",
    "password_reset_complete",
    "switch_partner",
    "deliveries:preview",
    "deliveries:trial_of_new",
    "second_step",
    "invitation",
    "invitation_link",
    "leave",
    "require_two_factor",
    "profile",
    "password",
    "two_factor",
    "two_factor_confirm",
    "two_factor_off",
    "recovery_codes",
    "security_txt",
    "health",
    "deliveries:metrics",
}

#: Addresses that take something else than an object's id, and one that is not there.
ARGUMENTS = {"password_reset_confirm": ["MQ", "set-password"], "invitation_link": ["never"]}

#: Where a viewer changes something of their own, and nothing of the partner's.
ONESELF = {"leave", "profile", "password", "two_factor", "switch_partner", "logout"}

STRANGERS = ("anonymous", "other owner", "other viewer", "removed member", "member moved elsewhere")

#: What each of them may be told; 405 tells about the address, and nothing about the object.
ANSWERS = {
    "anonymous": {302, 403, 405},
    "other owner": {404, 405},
    "other viewer": {403, 404, 405},
    "removed member": {403, 405},
    "member moved elsewhere": {404, 405},
}


@pytest.fixture
def world() -> World:
    webhook = make_webhook(headers={"X-Api-Key": "canary-of-a-header"})
    event = make_event(partner=webhook.partner)
    delivery = make_delivery(webhook=webhook, event=event, status=Delivery.Status.FAILED)
    make_attempt(delivery=delivery, status_code=500)
    return World(webhook.partner, webhook, delivery)


def stranger(who: str, world: World) -> Client:
    """Return the browser of somebody who must not see anything of *world*."""
    client = Client(raise_request_exception=False)
    if who == "anonymous":
        return client
    role = Membership.Role.VIEWER if who == "other viewer" else Membership.Role.OWNER
    if who.startswith("other"):
        client.force_login(make_member(role=role).user)
        return client
    former = make_member(partner=world.partner)
    client.force_login(former.user)
    _choose(client, world.partner)
    if who == "member moved elsewhere":
        make_member(user=former.user)
    former.delete()
    return client


def member(world: World, role: str = Membership.Role.OWNER) -> Client:
    client = Client()
    client.force_login(make_member(partner=world.partner, role=role).user)
    return client


def _choose(client: Client, partner: Partner) -> None:
    session = client.session
    session[PARTNER_KEY] = partner.pk
    session.save()


# --- The walk --------------------------------------------------------------------------------------


def addresses(patterns: list[Any], prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Yield every address below *patterns* with its full name."""
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            inner = f"{prefix}{pattern.namespace}:" if pattern.namespace else prefix
            yield from addresses(pattern.url_patterns, inner)
        else:
            yield f"{prefix}{pattern.name or pattern.pattern}", pattern


ALL = dict(addresses(get_resolver().url_patterns))
ADMIN = {name: pattern for name, pattern in ALL.items() if name.startswith("admin:")}


def walk(client: Client, who: str, name: str, world: World) -> None:
    """Ask for a page in every way, and compare with what an id that never was gets."""
    page, before = OBJECTS[name], rows()
    form = page.form(world) if page.form else {}
    for way in WAYS:
        never = ask(client, way, name, new_id("never"), form)
        # The other methods are refused before anybody looks for an object, and htmx asks for a part of what
        # was found: one kind is enough to see it.
        kinds = world.ids if way in (Way("GET"), Way("POST")) else {page.kind: world.ids[page.kind]}
        for kind, public_id in kinds.items():
            real = ask(client, way, name, public_id, form)
            asked = f"{who}: {way.method} {name} with the id of a {kind}"
            assert real == never, f"{asked} tells that there is such a {kind}"
            assert real[0] in ANSWERS[who], f"{asked} is answered with {real[0]}"
    assert rows() == before, f"{who} changed something by {name}"


def ask(client: Client, way: Way, name: str, public_id: str, form: dict[str, str]) -> tuple[int, str, str]:
    """Return status, target and body, without what differs between any two answers."""
    response = way.ask(client, reverse(name, args=[public_id]), form)
    location = response.headers.get("Location", "")
    return response.status_code, *(_neutral(text, public_id) for text in (location, text_of(response)))


def text_of(response: HttpResponseBase) -> str:
    return getattr(response, "content", b"").decode()


def _neutral(text: str, public_id: str) -> str:
    return re.sub(r"\b[A-Za-z0-9]{64}\b", "CSRF", text.replace(public_id, "ID"))


def rows() -> dict[str, list[dict[str, Any]]]:
    """Return all that our tables hold, as it is stored."""
    models = chain.from_iterable(apps.get_app_config(room).get_models() for room in ROOMS)
    return {model._meta.label: list(model._base_manager.order_by("pk").values()) for model in models}


# --- Nothing is left out -----------------------------------------------------------------------------


def test_every_address_is_declared() -> None:
    declared = {*OBJECTS, *OWN, *PERSONAL, *ADMIN}
    assert set(ALL) - declared == set(), "Declare them above, with an object that belongs to them."
    assert declared - set(ALL) == set(), "They are gone: take them out above."


@pytest.mark.parametrize("name", sorted(ALL.keys() - ADMIN.keys()))
def test_an_address_that_takes_an_id_is_declared_with_an_object(name: str) -> None:
    takes_an_object = bool(ALL[name].pattern.converters)
    assert takes_an_object == (name in OBJECTS or name in ARGUMENTS)


@pytest.mark.parametrize("name", OBJECTS)
def test_the_owner_reaches_what_is_declared(name: str, world: World) -> None:
    page, client = OBJECTS[name], member(world)
    page.prepare(world)
    before, url = rows(), reverse(name, args=[world.ids[page.kind]])
    answers = [client.get(url), client.post(url, page.form(world) if page.form else {})]
    assert {response.status_code for response in answers} <= {200, 302, 405}
    assert any(response.status_code != 405 for response in answers)
    assert (rows() != before) is (page.form is not None), "The form must be one that changes something."


# --- Nobody meets another's ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", OBJECTS)
@pytest.mark.parametrize("who", STRANGERS)
def test_another_partners_object_is_as_absent_as_one_that_never_was(
    who: str, name: str, world: World
) -> None:
    OBJECTS[name].prepare(world)
    walk(stranger(who, world), who, name, world)


@pytest.mark.parametrize("name", OBJECTS)
def test_a_viewer_changes_nothing(name: str, world: World) -> None:
    page, client = OBJECTS[name], member(world, Membership.Role.VIEWER)
    page.prepare(world)
    before, url = rows(), reverse(name, args=[world.ids[page.kind]])
    for method in METHODS:
        response = getattr(client, method.lower())(url, page.form(world) if page.form else {})
        assert response.status_code in {200, 403, 405}, method
    assert {key: value for key, value in rows().items() if value != before[key]} == {}


#: Forms that change something for those who may, beside those of OBJECTS.
FORMS = {"webhooks:create": _edit, "invite": lambda _: {"email": "new@example.com", "role": "viewer"}}


@pytest.mark.parametrize("name", sorted((OWN.keys() | PERSONAL) - ONESELF))
def test_a_viewer_changes_nothing_anywhere_else_either(name: str, world: World) -> None:
    client = member(world, Membership.Role.VIEWER)
    before = rows()
    form = FORMS[name](world) if name in FORMS else {"required": "yes"}
    for method in METHODS:
        getattr(client, method.lower())(reverse(name, args=ARGUMENTS.get(name)), form)
    assert {key: value for key, value in rows().items() if value != before[key]} == {}


@pytest.mark.parametrize("name", FORMS)
def test_what_a_viewer_may_not_do_there_an_owner_may(name: str, world: World) -> None:
    client = member(world)
    before = rows()
    assert client.post(reverse(name), FORMS[name](world)).status_code == 302
    assert rows() != before


@pytest.mark.parametrize("name", OWN)
@pytest.mark.parametrize("who", STRANGERS)
def test_a_page_of_ones_own_shows_nothing_of_another_partner(who: str, name: str, world: World) -> None:
    client, before = stranger(who, world), rows()
    for headers in ({}, HTMX):
        shown = client.get(reverse(name), headers=headers)
        assert shown.status_code in {200, 302, 403}
        assert world.webhook.host not in text_of(shown)
        assert world.delivery.public_id not in text_of(shown)
        client.post(reverse(name), _edit(world), headers=headers)
    after = rows()
    assert [row for label in before for row in before[label] if row not in after[label]] == []


@pytest.mark.parametrize(("name", "key", "kind"), [(n, key, OWN[n][key]) for n in OWN for key in OWN[n]])
@pytest.mark.parametrize("who", STRANGERS)
def test_a_filter_does_not_tell_that_another_partners_object_exists(
    who: str, name: str, key: str, kind: str, world: World
) -> None:
    client, answers = stranger(who, world), []
    for public_id in (world.ids[kind], new_id(world.ids[kind].partition("_")[0])):
        shown = client.get(reverse(name), {key: public_id})
        answers.append((shown.status_code, _neutral(text_of(shown), public_id)))
    assert answers[0] == answers[1]
    assert answers[0][0] < 500


@pytest.mark.parametrize("name", [name for name in OWN if name.endswith(":list")])
def test_its_owner_does_see_it_there(name: str, world: World) -> None:
    assert world.webhook.host in text_of(member(world).get(reverse(name)))


def test_nobody_looks_at_a_partner_they_do_not_belong_to(world: World) -> None:
    client = stranger("other owner", world)
    answers = [
        client.post(reverse("switch_partner"), {"partner": slug})
        for slug in (world.partner.slug, "never-was")
    ]
    assert [response.status_code for response in answers] == [404, 404]
    assert PARTNER_KEY not in client.session


def test_a_session_that_names_another_partner_shows_ones_own(world: World) -> None:
    client = stranger("other owner", world)
    _choose(client, world.partner)
    walk(client, "other owner", "deliveries:webhook", world)


def test_anothers_header_cannot_be_taken_along_with_ones_own_webhook(world: World) -> None:
    mine = make_webhook(partner=make_partner())
    client, header = member(World(mine.partner, mine, world.delivery)), world.webhook.headers.get()
    form = {
        "url": mine.url,
        "headers-TOTAL_FORMS": "1",
        "headers-INITIAL_FORMS": "1",
        "headers-0-id": str(header.pk),
        "headers-0-name": "X-Stolen",
        "headers-0-value": "",
    }
    before = rows()["webhooks.WebhookHeader"]
    for delete in ({}, {"headers-0-DELETE": "on"}):
        response = client.post(reverse("webhooks:edit", args=[mine.public_id]), {**form, **delete})
        assert "canary-of-a-header" not in text_of(response)
    assert rows()["webhooks.WebhookHeader"] == before


@pytest.mark.parametrize("who", [*STRANGERS, "owner"])
def test_nobody_but_administrators_enters_the_admin(who: str, world: World) -> None:
    client, before = member(world) if who == "owner" else stranger(who, world), rows()
    for name, url in admin_urls(world):
        for method in ("get", "post"):
            response = getattr(client, method)(url, {"post": "yes"})
            if name == "admin:login":
                # The portal's own door, for those who are not in yet; the others read that it is not theirs.
                leads_out = response.headers.get("Location", "").startswith("/login/?next=")
                assert leads_out or response.status_code == 403
            else:
                assert response.headers.get("Location", "").startswith("/admin/"), f"{method} {url}"
    assert rows() == before


def admin_urls(world: World) -> Iterator[tuple[str, str]]:
    """Yield every address of the admin, where it takes an object with one of *world*."""
    keys = {
        "webhook": world.webhook.pk,
        "delivery": world.delivery.pk,
        "partner": world.partner.pk,
        "membership": world.member.pk,
        "invitation": world.invitation.pk,
        "auditentry": world.entry.pk,
    }
    for name, pattern in ADMIN.items():
        model = name.removeprefix("admin:").split("_")[1:2]
        key = keys.get(model[0], 1) if model else 1
        known = {"app_label": "portal", "content_type_id": 1, "object_id": key, "id": key}
        if pattern.name:
            yield name, reverse(name, kwargs={each: known[each] for each in pattern.pattern.regex.groupindex})
    # Those without a name: what is not there, and an object's address of old.
    yield "admin:nothing", "/admin/nothing/"
    yield "admin:old", f"/admin/webhooks/webhook/{world.webhook.pk}/"


# --- The walk sees a filter that is missing -----------------------------------------------------------


@pytest.mark.parametrize("name", OBJECTS)
def test_the_walk_fails_where_the_filter_is_taken_away(
    name: str, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    find = access.get_object_or_404

    def unfiltered(queryset: QuerySet[Model], **lookup: Any) -> Model:
        return find(queryset.model._base_manager.all(), **lookup)

    OBJECTS[name].prepare(world)
    client = stranger("other owner", world)
    walk(client, "other owner", name, world)
    monkeypatch.setattr(access, "get_object_or_404", unfiltered)
    with pytest.raises(AssertionError, match=r"tells that there is such|is answered with|changed"):
        walk(client, "other owner", name, world)
