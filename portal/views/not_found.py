"""The page for addresses that lead nowhere."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django gives it
    """Say so; unlike Django's own page, without reading a form, which may be larger than is allowed."""
    return render(request, "404.html", status=404)
