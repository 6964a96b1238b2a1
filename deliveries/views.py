"""Placeholders until the pages land."""

from django.http import HttpRequest, HttpResponse


def _todo(request: HttpRequest, public_id: str = "") -> HttpResponse:
    raise NotImplementedError


delivery_list = delivery = webhook = webhook_log = test = _todo
