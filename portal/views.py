"""Pages that belong to nobody's webhooks."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from portal.access import PARTNER_KEY, member_required
from portal.http import PortalRequest


@require_POST
@member_required
def switch_partner(request: PortalRequest) -> HttpResponse:
    """Look at another of one's own partners from here on."""
    chosen = get_object_or_404(request.user.memberships, partner__slug=request.POST.get("partner", ""))
    request.session[PARTNER_KEY] = chosen.partner_id
    return redirect("webhooks:list")
