"""Forms of the door: how people get in."""

from collections.abc import Iterable

from django.contrib.auth import forms

from portal.models import User


class PasswordResetForm(forms.PasswordResetForm):
    """Ask for the link with which a password is chosen, a first one too."""

    def get_users(self, email: str) -> Iterable[User]:
        """Return who may reset; Django's own form leaves out whoever has no password yet."""
        return User.objects.filter(email__iexact=email, is_active=True)
