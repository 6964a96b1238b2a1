"""Whom to tell about a fault, where those who find one look: RFC 9116."""

from datetime import timedelta

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

#: How long a copy of the page may be believed.
LIFETIME = timedelta(days=30)


@require_safe
def security_txt(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - a view takes it
    if not settings.SECURITY_CONTACT:
        raise Http404("SECURITY_CONTACT is not set.")
    expires = (timezone.now() + LIFETIME).strftime("%Y-%m-%dT%H:%M:%SZ")
    lines = [f"Contact: {settings.SECURITY_CONTACT}", f"Expires: {expires}", "Preferred-Languages: en"]
    return HttpResponse("\n".join([*lines, ""]), content_type="text/plain; charset=utf-8")
