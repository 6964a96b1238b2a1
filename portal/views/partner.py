"""Which of one's partners one looks at."""

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from portal.access import PARTNER_KEY, member_required
from portal.http import PortalRequest


@require_POST
@member_required
def switch_partner(request: PortalRequest) -> HttpResponse:
    """Look at another of one's own partners from here on."""
    slug = request.POST.get("partner")
    chosen = next((each for each in request.memberships if each.partner.slug == slug), None)
    if chosen is None:
        raise Http404("No such partner.")
    request.session[PARTNER_KEY] = chosen.partner_id
    return redirect("webhooks:list")
