"""Who belongs to the partner: everybody sees it, owners decide it, and anybody may leave."""

import logging
from functools import partial
from typing import Any

from django.contrib import messages
from django.core.mail import EmailMultiAlternatives
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from portal import people
from portal.access import get_visible, member_required, owner_required
from portal.authenticator import Authenticator
from portal.forms import InviteForm, RoleForm
from portal.http import PortalRequest
from portal.models import Invitation, Membership
from portal.people import RefusedError

log = logging.getLogger(__name__)

NOW_REQUIRED = "Members without two-factor turn it on before they see anything."
NOW_OPTIONAL = "Two-factor is everybody's own choice."


@require_GET
@member_required
def people_list(request: PortalRequest) -> HttpResponse:
    """Show the members, and the invitations that nobody has answered yet."""
    context = {
        "members": _members(request).order_by("pk"),
        "invitations": request.partner.invitations.pending().order_by("-pk"),
    }
    return render(request, "portal/people.html", context)


@require_http_methods(["GET", "POST"])
@owner_required
def invite(request: PortalRequest) -> HttpResponse:
    data = request.POST if request.method == "POST" else None
    form = InviteForm(data, initial={"role": Membership.Role.DEVELOPER})
    if form.is_valid():
        try:
            invited = people.invite(**form.cleaned_data, by=request.membership)
        except RefusedError as error:
            form.add_error("email", str(error))
        else:
            return _sent(request, *invited)
    return render(request, "portal/invite.html", {"form": form})


@require_POST
@owner_required
def resend_invitation(request: PortalRequest, public_id: str) -> HttpResponse:
    invitation = _invitation(request, public_id)
    try:
        return _sent(request, *people.resend(invitation, by=request.membership))
    except RefusedError as error:
        messages.error(request, str(error))
        return redirect("people")


@require_POST
@owner_required
def withdraw_invitation(request: PortalRequest, public_id: str) -> HttpResponse:
    invitation = _invitation(request, public_id)
    withdraw = partial(people.withdraw, invitation, by=request.membership)
    return _try(
        request, withdraw, f"The invitation of {invitation.email} is withdrawn. Its link opens nothing."
    )


@require_http_methods(["GET", "POST"])
@owner_required
def member(request: PortalRequest, public_id: str) -> HttpResponse:
    """Show one member, and give them another role."""
    found = _member(request, public_id)
    form = RoleForm(request.POST if request.method == "POST" else None, initial={"role": found.role})
    if form.is_valid():
        role = form.cleaned_data["role"]
        change = partial(people.change_role, found, role, by=request.membership)
        return _try(request, change, f"{found.user.email} is {_with_article(role)} now.")
    return render(request, "portal/member.html", {"member": found, "form": form})


@require_http_methods(["GET", "POST"])
@owner_required
def remove_member(request: PortalRequest, public_id: str) -> HttpResponse:
    found = _member(request, public_id)
    if request.method == "POST":
        remove = partial(people.remove, found, by=request.membership)
        return _try(
            request, remove, f"{found.user.email} is removed, and sees nothing of {request.partner} any more."
        )
    return render(request, "portal/remove_member.html", {"member": found})


@require_http_methods(["GET", "POST"])
@member_required
def leave(request: PortalRequest) -> HttpResponse:
    if request.method == "POST":
        try:
            people.leave(request.membership)
        except RefusedError as error:
            messages.error(request, str(error))
            return redirect("people")
        except Membership.DoesNotExist:
            log.info("Somebody left who was removed at the same moment.")
        messages.success(request, f"You have left {request.partner}.")
        return redirect("webhooks:list")
    return render(request, "portal/leave.html")


@require_POST
@owner_required
def require_two_factor(request: PortalRequest) -> HttpResponse:
    required = "required" in request.POST
    people.require_two_factor(required=required, by=request.membership)
    messages.success(request, NOW_REQUIRED if required else NOW_OPTIONAL)
    return redirect("people")


def _try(request: PortalRequest, change: Any, done: str) -> HttpResponse:
    """Make *change* and say so, or why it cannot be made; back to the list in either case."""
    try:
        change()
    except RefusedError as error:
        messages.error(request, str(error))
    except Membership.DoesNotExist:
        messages.error(request, "They were removed in the meantime. Nothing was changed.")
    else:
        messages.success(request, done)
    return redirect("people")


def _sent(request: PortalRequest, invitation: Invitation, token: str) -> HttpResponse:
    link = request.build_absolute_uri(reverse("invitation_link", args=[token]))
    try:
        _mail(invitation, link)
    except OSError:  # of which smtplib's are a kind
        log.exception("An invitation could not be sent.")
        messages.error(
            request,
            f"{invitation.email} is invited, but the e-mail did not leave. Resend it in a few minutes.",
        )
    else:
        messages.success(request, f"An invitation is on its way to {invitation.email}.")
    return redirect("people")


def _mail(invitation: Invitation, link: str) -> None:
    context = {"invitation": invitation, "link": link}
    subject = f"Join {invitation.partner} in the Cr3dentials Partner Portal"
    text = render_to_string("portal/invitation_email.txt", context)
    mail = EmailMultiAlternatives(" ".join(subject.split()), text, to=[invitation.email])
    mail.attach_alternative(render_to_string("portal/invitation_email.html", context), "text/html")
    mail.send()


def _members(request: PortalRequest) -> QuerySet[Membership]:
    confirmed = Authenticator.objects.filter(user=OuterRef("user"), confirmed=True)
    members = request.partner.memberships.select_related("user")
    return members.annotate(has_two_factor=Exists(confirmed))


def _member(request: PortalRequest, public_id: str) -> Membership:
    return get_visible(request, Membership.objects.select_related("user", "partner"), public_id=public_id)


def _invitation(request: PortalRequest, public_id: str) -> Invitation:
    return get_visible(request, Invitation.objects.all(), public_id=public_id)


def _with_article(role: str) -> str:
    return f"an {role}" if role == Membership.Role.OWNER else f"a {role}"
