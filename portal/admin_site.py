"""The admin's door."""

import re
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.admin.exceptions import DisallowedModelAdminToField
from django.contrib.admin.options import TO_FIELD_VAR
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache

#: What databases and Python both know for a year.
YEAR = re.compile("[1-9][0-9]{0,3}")


class AdminSite(admin.AdminSite):
    """
    Administration for those who are logged in at the portal's own door, which knows the second step.

    In production an administrator without two-factor sees nothing but the page that turns it on.
    """

    def has_permission(self, request: HttpRequest) -> bool:
        return super().has_permission(request) and (not settings.PRODUCTION or request.user.is_verified())  # type: ignore[union-attr] # django-otp's

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:  # noqa: FBT001, FBT002 - Django's
        return super().admin_view(_checked(view), cacheable)

    @method_decorator(never_cache)
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:  # noqa: ARG002 - Django's
        """Lead to the page that this person lacks something from."""
        if self.has_permission(request):
            return redirect("admin:index")
        if not request.user.is_authenticated:
            return redirect_to_login(request.GET.get("next") or request.path, "login")
        if not request.user.is_staff:
            raise PermissionDenied("Only administrators of the portal come in here.")
        return redirect("two_factor")

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> Any:  # noqa: ARG002 - Django's
        """Change it where everybody does: audited, and with the current one asked for."""
        return redirect("password")


def _checked(view: Callable[..., Any]) -> Callable[..., Any]:
    """Refuse what no page of ours asks for, and what Django's own admin trips over."""

    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if {request.GET.get(TO_FIELD_VAR, "id"), request.POST.get(TO_FIELD_VAR, "id")} != {"id"}:
            raise DisallowedModelAdminToField("Only the id refers to an object.")
        if not all(YEAR.fullmatch(str(value)) for name, value in request.GET.items() if "__year" in name):
            raise BadRequest("A year has one to four digits.")
        try:
            return view(request, *args, **kwargs)
        except OverflowError:
            raise BadRequest("A number is larger than any that there is.") from None

    return checked
