"""Forms of the door: how people get in."""

from collections.abc import Iterable
from typing import Any

from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth import forms
from django.core.exceptions import ValidationError

from portal import throttle
from portal.models import User


class LoginForm(forms.AuthenticationForm):
    """
    Ask for e-mail address and password, without telling strangers who has an account.

    It may be tried as often as portal.throttle admits.
    """

    error_messages = {  # noqa: RUF012 - Django reads it once
        "invalid_login": "This e-mail address and password do not belong together. Check both, "
        "or choose a new password with the link below.",
        "inactive": "This account is closed. Ask an owner of your partner account.",
    }

    def clean(self) -> dict[str, Any]:
        name, request = self.cleaned_data.get("username"), self.request
        if name is None or request is None:
            return super().clean()
        if not throttle.admit(request, name):
            raise ValidationError(THROTTLED, code="throttled")
        cleaned_data = super().clean()
        throttle.forget(request, name)
        return cleaned_data


class AdminLoginForm(LoginForm, AdminAuthenticationForm):
    """The same for administrators."""

    error_messages = AdminAuthenticationForm.error_messages


THROTTLED = (
    "There were too many attempts to log in with this e-mail address. "
    f"Wait {throttle.WINDOW // 60} minutes, then try again. "
    "If you are not sure of your password, choose a new one meanwhile."
)


class PasswordResetForm(forms.PasswordResetForm):
    """Ask for the link with which a password is chosen, a first one too."""

    def get_users(self, email: str) -> Iterable[User]:
        """Return who may reset; Django's own form leaves out whoever has no password yet."""
        return User.objects.filter(email__iexact=email, is_active=True)
