"""What somebody who was invited meets: a link, and then the way in."""

from typing import cast

from django.contrib import messages
from django.contrib.auth import login
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from portal import people
from portal.access import PARTNER_KEY
from portal.forms import SignUpForm
from portal.models import Invitation, Membership, User
from portal.people import RefusedError

#: The session's key for the secret part of the link that was opened.
KEY = "invitation"


@require_GET
@never_cache
def invitation_link(request: HttpRequest, token: str) -> HttpResponse:
    """Take the secret out of the address, where logs, histories and referrers would keep it."""
    request.session[KEY] = token
    return redirect("invitation")


@require_http_methods(["GET", "POST"])
@never_cache
def invitation(request: HttpRequest) -> HttpResponse:
    """Let whoever holds an open link join: as who they are, or with a new account."""
    invited = people.find(request.session.get(KEY, ""))
    if invited is None:
        return _ended(request)
    try:
        if request.user.is_authenticated:
            return _join(request, invited)
        if User.objects.filter(email__iexact=invited.email).exists():
            return render(request, "portal/invitation_log_in.html", {"invitation": invited})
        return _sign_up(request, invited)
    except RefusedError:
        return _ended(request)


def _join(request: HttpRequest, invited: Invitation) -> HttpResponse:
    user = cast("User", request.user)
    if user.email.casefold() != invited.email.casefold():
        return render(request, "portal/invitation_wrong_account.html", {"invitation": invited}, status=403)
    if request.method == "POST":
        return _welcome(request, people.accept(invited, user))
    return render(request, "portal/invitation_join.html", {"invitation": invited})


def _sign_up(request: HttpRequest, invited: Invitation) -> HttpResponse:
    form = SignUpForm(request.POST if request.method == "POST" else None, email=invited.email)
    if not form.is_valid():
        return render(request, "portal/invitation_sign_up.html", {"invitation": invited, "form": form})
    name, password = form.cleaned_data["name"], form.cleaned_data["password1"]
    try:
        member = people.sign_up(invited, name=name, password=password)
    except IntegrityError:  # somebody made an account with this address a moment ago
        return redirect("invitation")
    login(request, member.user)
    return _welcome(request, member)


def _welcome(request: HttpRequest, member: Membership) -> HttpResponse:
    del request.session[KEY]
    request.session[PARTNER_KEY] = member.partner_id
    messages.success(
        request, f"Welcome to {member.partner}. You are here as {member.get_role_display().lower()}."
    )
    return redirect("webhooks:list")


def _ended(request: HttpRequest) -> HttpResponse:
    """Say the same of a link that expired, was used, was withdrawn, or never was."""
    return render(request, "portal/invitation_ended.html", status=410)
