"""Getting in: the password, and then the code for those who turned two-factor on."""

from typing import TYPE_CHECKING, Any, cast

from django.contrib.auth import views as auth
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from portal import audit, second_step
from portal.audit import Action
from portal.forms import LoginForm, SecondStepForm
from portal.second_step import CodeError

if TYPE_CHECKING:
    from portal.models import User


class Login(auth.LoginView):
    form_class = LoginForm
    template_name = "portal/login.html"
    redirect_authenticated_user = True

    def form_valid(self, form: LoginForm) -> HttpResponse:  # type: ignore[override]
        user = form.get_user()
        if second_step.authenticator_of(user) is None:
            return super().form_valid(form)
        second_step.begin(self.request, user, then=self.get_success_url())
        return redirect("second_step")


@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "POST"])
def code(request: HttpRequest) -> HttpResponse:
    """Ask whoever gave the right password for a code."""
    user = second_step.person_on_the_way(request)
    if user is None:
        return redirect("login")
    form = SecondStepForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            return redirect(second_step.complete(request, user, form.cleaned_data["code"]))
        except CodeError as error:
            form.refuse(str(error))
    return render(request, "portal/second_step.html", {"form": form})


class PasswordResetConfirm(auth.PasswordResetConfirmView):
    """Choose a new password by e-mail; nobody is logged in by it, and two-factor still asks for its code."""

    template_name = "portal/password_reset_confirm.html"

    def form_valid(self, form: Any) -> HttpResponse:
        user = cast("User", self.user)
        with transaction.atomic():
            response = super().form_valid(form)
            audit.record_everywhere(Action.PASSWORD_CHANGED, user, detail="by a link in an e-mail")
        return response
