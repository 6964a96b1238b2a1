"""Turning two-factor on and off, and its recovery codes."""

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST
from django_otp import login, verify_token

from portal import audit, qr, second_step
from portal.access import person_required
from portal.audit import Action
from portal.authenticator import Authenticator
from portal.forms import CodeForm, ProofForm
from portal.http import PortalRequest


@require_http_methods(["GET", "POST"])
@person_required
def two_factor(request: PortalRequest) -> HttpResponse:
    """Show how it stands; by POST, make a key for an authenticator app."""
    authenticator = Authenticator.objects.filter(user=request.user).first()
    if request.method == "POST":
        if authenticator is None or not authenticator.confirmed:
            Authenticator.enrol(request.user)
        return redirect("two_factor")
    return _page(request, authenticator, CodeForm())


@sensitive_post_parameters()
@require_POST
@person_required
def confirm(request: PortalRequest) -> HttpResponse:
    """Turn two-factor on with a first code, and show the recovery codes, once."""
    form = CodeForm(request.POST)
    authenticator = Authenticator.objects.filter(user=request.user, confirmed=False).first()
    if authenticator is None:
        return redirect("two_factor")
    if not form.is_valid():
        return _page(request, authenticator, form)
    codes = _confirm(request, authenticator, form.cleaned_data["code"])
    if codes is None:
        form.refuse(second_step.refusal(request.user))
        return _page(request, authenticator, form)
    return render(request, "portal/recovery_codes.html", {"codes": codes, "is_new": True})


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@person_required
def recovery_codes(request: PortalRequest) -> HttpResponse:
    """Make new recovery codes, after the password was given once more, and show them, once."""
    authenticator = second_step.authenticator_of(request.user)
    if authenticator is None:
        return redirect("two_factor")
    form = ProofForm(request.POST if request.method == "POST" else None, request=request)
    if form.is_valid():
        codes = _renew(request, authenticator)
        return render(request, "portal/recovery_codes.html", {"codes": codes, "is_new": False})
    return render(request, "portal/recovery_codes_renew.html", {"form": form})


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@person_required
def turn_off(request: PortalRequest) -> HttpResponse:
    """Turn two-factor off, after the password was given once more."""
    authenticator = second_step.authenticator_of(request.user)
    if authenticator is None:
        return redirect("two_factor")
    form = ProofForm(request.POST if request.method == "POST" else None, request=request)
    if form.is_valid():
        with transaction.atomic():
            authenticator.delete()
            audit.record_everywhere(Action.TWO_FACTOR_OFF, request.user)
        messages.success(request, "Two-factor is off. Your password alone logs you in.")
        return redirect("profile")
    return render(request, "portal/two_factor_off.html", {"form": form})


def _page(request: PortalRequest, authenticator: Authenticator | None, form: CodeForm) -> HttpResponse:
    context: dict[str, Any] = {"authenticator": authenticator, "form": form}
    if authenticator and not authenticator.confirmed:
        context["qr"] = qr.svg(authenticator.address)
    return render(request, "portal/two_factor.html", context)


@transaction.atomic
def _confirm(request: PortalRequest, authenticator: Authenticator, code: str) -> list[str] | None:
    """Return the recovery codes if *code* is the app's; this session has shown its second factor then."""
    confirmed = verify_token(request.user, authenticator.persistent_id, code)
    if confirmed is None:
        return None
    confirmed.confirmed = True
    codes: list[str] = confirmed.make_recovery_codes()
    confirmed.save()
    audit.record_everywhere(Action.TWO_FACTOR_ON, request.user)
    request.session.cycle_key()
    login(request, confirmed)
    return codes


@transaction.atomic
def _renew(request: PortalRequest, authenticator: Authenticator) -> list[str]:
    locked = Authenticator.objects.select_for_update().get(pk=authenticator.pk)
    codes: list[str] = locked.make_recovery_codes()
    locked.save(update_fields=["recovery_hashes"])
    audit.record_everywhere(Action.RECOVERY_CODES_MADE, request.user)
    return codes
