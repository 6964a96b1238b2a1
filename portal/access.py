"""Who may see what. Views reach a partner's objects through here and nowhere else."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from portal.http import PortalRequest
from portal.models import Membership, User

View = Callable[..., HttpResponse]
M = TypeVar("M", bound=Model)

#: The session's key for the partner that a member of several is looking at.
PARTNER_KEY = "partner"


def member_required(view: View) -> View:
    """
    Let only members of a partner in, and put their membership and partner on the request.

    A logged-out htmx request gets 403, so that no login page lands in a fragment.
    """

    @wraps(view)
    def for_members(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if cast("PortalRequest", request).htmx and not request.user.is_authenticated:
            raise PermissionDenied("You have been logged out. Reload the page to log in again.")
        response: HttpResponse = login_required(with_membership)(request, *args, **kwargs)
        # What a partner sees is nobody else's, on a shared machine neither.
        response.headers["Cache-Control"] = "no-store"
        return response

    def with_membership(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        member_request = cast("PortalRequest", request)
        member_request.memberships = _memberships(member_request.user)
        member_request.membership = _chosen(member_request)
        member_request.partner = member_request.membership.partner
        return view(request, *args, **kwargs)

    return for_members


def editor_required(view: View) -> View:
    """Let only members in who may change webhooks: owners and developers."""

    @wraps(view)
    def for_editors(request: PortalRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.membership.can_edit:
            raise PermissionDenied("Viewers cannot change this. Ask an owner for the developer role.")
        return view(request, *args, **kwargs)

    return member_required(for_editors)


def get_visible(
    request: PortalRequest, queryset: QuerySet[M], *, partner: str = "partner", **lookup: Any
) -> M:
    """
    Return the one object that matches and belongs to the request's partner.

    *partner* is the lookup path from the object to its partner.

    Raises:
        Http404: there is none, or it is another partner's; the two cannot be told apart.

    """
    if any("\0" in str(value) for value in lookup.values()):
        # PostgreSQL refuses to compare with it, and nothing is called so.
        raise Http404("No such object.")
    return get_object_or_404(queryset.filter(**{partner: request.partner}), **lookup)


def _memberships(user: User) -> list[Membership]:
    memberships = list(user.memberships.select_related("partner").order_by("pk"))
    if not memberships:
        raise PermissionDenied("You are not a member of any partner yet. Ask an owner to invite you.")
    return memberships


def _chosen(request: PortalRequest) -> Membership:
    """Return the membership chosen in the session, else the first."""
    chosen = request.session.get(PARTNER_KEY)
    return next((m for m in request.memberships if m.partner_id == chosen), request.memberships[0])
