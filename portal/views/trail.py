"""The audit trail: who changed, revealed, rolled or resent what, and when."""

from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from portal import trail
from portal.access import allow
from portal.forms import TrailFilter
from portal.http import PortalRequest
from portal.models import AuditEntry
from portal.paging import Page


@require_GET
@allow(
    lambda member: member.can_edit,
    otherwise="Viewers do not see the audit trail. Ask an owner for the developer role.",
)
def audit_trail(request: PortalRequest) -> HttpResponse:
    wanted = TrailFilter(request.GET)
    entries = wanted.leave_of(AuditEntry.objects.filter(partner=request.partner).order_by("-pk"))
    page = Page.of(request, entries, older=lambda start: Q(pk__lt=start.pk))
    context = {
        "filter": wanted,
        "page": page,
        "lines": trail.lines(page.rows, request.partner),
        "emails": request.partner.memberships.order_by("user__email").values_list("user__email", flat=True),
    }
    return render(request, "portal/_trail.html" if request.htmx else "portal/trail.html", context)
