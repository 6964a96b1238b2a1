"""Addresses of the portal's own pages for where there is no request: e-mail."""

from django.conf import settings
from django.urls import reverse


def absolute(view: str, *args: str) -> str:
    """Return the whole address of a page, as PORTAL_URL begins it."""
    return f"{settings.PORTAL_URL.rstrip('/')}{reverse(view, args=args)}"
