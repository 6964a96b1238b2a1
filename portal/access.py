"""Who may see what. Views reach a partner's objects through here and nowhere else."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect

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
        if not _join_memberships(member_request):
            raise PermissionDenied("You are not a member of any partner yet. Ask an owner to invite you.")
        if member_request.partner.requires_two_factor and not is_verified(member_request.user):
            return _to_two_factor(member_request)
        return view(request, *args, **kwargs)

    return for_members


def person_required(view: View) -> View:
    """
    Let anybody in who is logged in, a member of a partner or not: these pages are about themselves.

    Their memberships are on the request, and of a member's the chosen one and its partner.
    """

    @wraps(view)
    def for_persons(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response: HttpResponse = login_required(with_memberships)(request, *args, **kwargs)
        response.headers["Cache-Control"] = "no-store"
        return response

    def with_memberships(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        _join_memberships(cast("PortalRequest", request))
        return view(request, *args, **kwargs)

    return for_persons


def allow(may: Callable[[Membership], bool], *, otherwise: str) -> Callable[[View], View]:
    """Let only members in who *may*; the others read *otherwise*, which says whom to ask."""

    def decorate(view: View) -> View:
        @wraps(view)
        def for_some(request: PortalRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not may(request.membership):
                raise PermissionDenied(otherwise)
            return view(request, *args, **kwargs)

        return member_required(for_some)

    return decorate


#: Let only members in who may change webhooks: owners and developers.
editor_required = allow(
    lambda member: member.can_edit,
    otherwise="Viewers cannot change this. Ask an owner for the developer role.",
)

#: Let only members in who decide about people: owners.
owner_required = allow(
    lambda member: member.is_owner, otherwise="Only owners can change this. Ask one of them."
)


def is_verified(user: User) -> bool:
    """Tell whether *user* has shown a second factor in this session; see portal.middleware."""
    return getattr(user, "otp_device", None) is not None


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


def _join_memberships(request: PortalRequest) -> bool:
    """Put the person's memberships on the request, and which of them is chosen; tell if there is any."""
    request.memberships = list(request.user.memberships.select_related("partner").order_by("pk"))
    if not request.memberships:
        return False
    request.membership = _chosen(request)
    request.partner = request.membership.partner
    return True


def _chosen(request: PortalRequest) -> Membership:
    """Return the membership chosen in the session, else the first."""
    chosen = request.session.get(PARTNER_KEY)
    return next((m for m in request.memberships if m.partner_id == chosen), request.memberships[0])


def _to_two_factor(request: PortalRequest) -> HttpResponse:
    if request.htmx:
        raise PermissionDenied("This partner requires two-factor. Reload the page to turn it on.")
    return redirect("two_factor")
