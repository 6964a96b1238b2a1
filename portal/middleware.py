"""What happens to every request before a view sees it."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject


class SecondStepMiddleware:
    """
    Whoever uses two-factor is nobody until a code has been taken in this session.

    It stands behind django-otp's own middleware, and before every view, the admin's too, so that no page
    can forget to ask. A session from before two-factor was turned on ends here as well.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.user = SimpleLazyObject(partial(_known, request.user))  # type: ignore[assignment]
        return self.get_response(request)


def _known(user: Any) -> Any:
    if not user.is_authenticated or user.is_verified():
        return user
    return AnonymousUser() if user.uses_two_factor else user
