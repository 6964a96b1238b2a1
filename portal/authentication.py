"""Who a session belongs to."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.db.models import Exists, OuterRef

from portal.authenticator import Authenticator
from portal.models import User


class Backend(ModelBackend):
    """E-mail address and password; every request learns in the same query whether a code is owed too."""

    def get_user(self, user_id: Any) -> User | None:
        """Return the user with `uses_two_factor`, which portal.middleware asks for."""
        confirmed = Authenticator.objects.filter(user=OuterRef("pk"), confirmed=True)
        user = User.objects.annotate(uses_two_factor=Exists(confirmed)).filter(pk=user_id).first()
        return user if user is not None and self.user_can_authenticate(user) else None
