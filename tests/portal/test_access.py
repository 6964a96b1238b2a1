"""Who may see what."""

from typing import cast

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.test import RequestFactory
from django_htmx.middleware import HtmxDetails
from pytest_django import Settings

from deliveries.models import Delivery
from portal.access import (
    PARTNER_KEY,
    editor_required,
    get_visible,
    member_required,
    owner_required,
    person_required,
)
from portal.http import PortalRequest
from portal.models import Partner, User
from tests.factories import make_delivery, make_member, make_partner, make_user, make_webhook
from webhooks.models import Webhook

pytestmark = pytest.mark.django_db


def request_of(
    user: User | AnonymousUser, *, htmx: bool = False, partner: Partner | None = None
) -> HttpRequest:
    request = RequestFactory().get("/", headers={"HX-Request": "true"} if htmx else {})
    request.user = user
    request.htmx = HtmxDetails(request)  # type: ignore[attr-defined]
    request.session = {PARTNER_KEY: partner.pk} if partner else {}  # type: ignore[assignment]
    return request


@member_required
def page(request: PortalRequest) -> HttpResponse:
    return HttpResponse(request.partner.slug)


@editor_required
def change(request: PortalRequest) -> HttpResponse:
    return HttpResponse("changed")


def test_a_member_sees_their_partner() -> None:
    member = make_member()
    assert page(request_of(member.user)).content.decode() == member.partner.slug


def test_a_member_of_several_sees_the_one_they_chose() -> None:
    first = make_member()
    second = make_member(user=first.user)
    assert page(request_of(first.user, partner=second.partner)).content.decode() == second.partner.slug


def test_a_member_of_several_who_has_not_chosen_sees_the_first() -> None:
    first = make_member()
    make_member(user=first.user)
    assert page(request_of(first.user)).content.decode() == first.partner.slug


def test_a_partner_that_is_not_theirs_cannot_be_chosen() -> None:
    member = make_member()
    assert page(request_of(member.user, partner=make_partner())).content.decode() == member.partner.slug


def test_a_stranger_is_sent_to_the_login(settings: Settings) -> None:
    settings.LOGIN_URL = "/login/"
    response = page(request_of(AnonymousUser()))
    assert (response.status_code, response["Location"]) == (302, "/login/?next=/")


def test_a_strangers_fragment_is_refused_without_a_login_page() -> None:
    with pytest.raises(PermissionDenied, match="logged out"):
        page(request_of(AnonymousUser(), htmx=True))


def test_a_user_of_no_partner_is_told_what_to_do() -> None:
    with pytest.raises(PermissionDenied, match="Ask an owner to invite you"):
        page(request_of(make_user()))


@pytest.mark.parametrize("role", ["owner", "developer"])
def test_editors_may_change(role: str) -> None:
    assert change(request_of(make_member(role=role).user)).content == b"changed"


def test_viewers_may_not_change() -> None:
    with pytest.raises(PermissionDenied, match="Ask an owner for the developer role"):
        change(request_of(make_member(role="viewer").user))


def request_for(partner: Partner) -> PortalRequest:
    request = cast("PortalRequest", RequestFactory().get("/"))
    request.partner = partner
    return request


def test_a_partner_gets_its_own_object() -> None:
    webhook = make_webhook()
    found = get_visible(request_for(webhook.partner), Webhook.objects.all(), public_id=webhook.public_id)
    assert found == webhook


def test_another_partners_object_is_as_absent_as_one_that_never_was() -> None:
    request, webhook = request_for(make_partner()), make_webhook()
    messages = []
    for public_id in (webhook.public_id, "wh_never"):
        with pytest.raises(Http404) as caught:
            get_visible(request, Webhook.objects.all(), public_id=public_id)
        messages.append(str(caught.value))
    assert messages[0] == messages[1]


def test_the_way_to_the_partner_may_be_long() -> None:
    delivery = make_delivery()
    deliveries = Delivery.objects.all()
    request = request_for(delivery.webhook.partner)
    assert get_visible(request, deliveries, partner="webhook__partner", pk=delivery.pk) == delivery
    with pytest.raises(Http404):
        get_visible(request_for(make_partner()), deliveries, partner="webhook__partner", pk=delivery.pk)


def test_a_name_that_no_database_can_hold_is_not_found() -> None:
    with pytest.raises(Http404):
        get_visible(request_for(make_partner()), Webhook.objects.all(), public_id="wh_\0")


@owner_required
def decide(request: PortalRequest) -> HttpResponse:
    return HttpResponse("decided")


@person_required
def oneself(request: PortalRequest) -> HttpResponse:
    return HttpResponse(f"{request.user.email} at {len(request.memberships)}")


def test_owners_may_decide() -> None:
    assert decide(request_of(make_member(role="owner").user)).content == b"decided"


@pytest.mark.parametrize("role", ["developer", "viewer"])
def test_the_others_may_not_decide(role: str) -> None:
    with pytest.raises(PermissionDenied, match="Only owners can change this"):
        decide(request_of(make_member(role=role).user))


@pytest.mark.parametrize("partners", [0, 1, 2])
def test_everybody_who_is_logged_in_reaches_what_is_about_themselves(partners: int) -> None:
    user = make_user(email="dana@northwind.example")
    for _ in range(partners):
        make_member(user=user)
    response = oneself(request_of(user))
    assert response.content.decode() == f"dana@northwind.example at {partners}"
    assert response["Cache-Control"] == "no-store"


def test_strangers_do_not(settings: Settings) -> None:
    settings.LOGIN_URL = "/login/"
    assert oneself(request_of(AnonymousUser())).status_code == 302


@pytest.mark.parametrize("is_verified", [True, False])
def test_a_partner_that_requires_two_factor_sees_to_it(is_verified: bool) -> None:
    member = make_member(partner=make_partner(requires_two_factor=True))
    member.user.otp_device = object() if is_verified else None  # type: ignore[attr-defined]
    assert page(request_of(member.user)).status_code == (200 if is_verified else 302)
    if not is_verified:
        with pytest.raises(PermissionDenied, match="Reload the page to turn it on"):
            page(request_of(member.user, htmx=True))
