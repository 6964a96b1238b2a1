"""What people say about themselves: their name and their password."""

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from portal import audit, second_step
from portal.access import person_required
from portal.audit import Action
from portal.forms import NameForm, PasswordForm
from portal.http import PortalRequest


@require_http_methods(["GET", "POST"])
@person_required
def profile(request: PortalRequest) -> HttpResponse:
    form = NameForm(request.POST if request.method == "POST" else None, instance=request.user)
    if form.is_valid():
        form.save()
        messages.success(request, "Your name is saved.")
        return redirect("profile")
    context = {"form": form, "authenticator": second_step.authenticator_of(request.user)}
    return render(request, "portal/profile.html", context)


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@person_required
def password(request: PortalRequest) -> HttpResponse:
    """Change the password: other sessions end, and this one gets a new key."""
    form = PasswordForm(data=request.POST if request.method == "POST" else None, request=request)
    if form.is_valid():
        with transaction.atomic():
            user = form.save()
            audit.record_everywhere(Action.PASSWORD_CHANGED, user)
        update_session_auth_hash(request, user)
        messages.success(
            request, "Your password is changed. Wherever else you were logged in, you no longer are."
        )
        return redirect("profile")
    return render(request, "portal/password.html", {"form": form})
