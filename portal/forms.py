"""Forms of the door: how people get in."""

from collections.abc import Iterable

from django.contrib.auth import forms

from portal.models import User


class LoginForm(forms.AuthenticationForm):
    """Ask for e-mail address and password, without telling strangers who has an account."""

    error_messages = {  # noqa: RUF012 - Django reads it once
        "invalid_login": "This e-mail address and password do not belong together. Check both, "
        "or choose a new password with the link below.",
        "inactive": "This account is closed. Ask an owner of your partner account.",
    }


class PasswordResetForm(forms.PasswordResetForm):
    """Ask for the link with which a password is chosen, a first one too."""

    def get_users(self, email: str) -> Iterable[User]:
        """Return who may reset; Django's own form leaves out whoever has no password yet."""
        return User.objects.filter(email__iexact=email, is_active=True)
