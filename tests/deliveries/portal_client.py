"""A browser of a member, with and without htmx, and what the view tests say in one line."""

import re
from typing import Any

from django.test import Client

from portal.models import Partner
from tests.factories import make_member

HTMX = {"HX-Request": "true"}


def client_of(partner: Partner, *, role: str = "owner") -> Client:
    """Return the client of a member who is logged in."""
    client = Client()
    client.force_login(make_member(partner=partner, role=role).user)
    return client


def fragment(client: Client, url: str, **headers: str) -> str:
    """Return what htmx gets."""
    return text(client.get(url, headers={**HTMX, **headers}))


def text(response: Any) -> str:
    assert response.status_code == 200, response.status_code
    page: str = response.content.decode()
    return page


def without_token(page: str) -> str:
    """Return *page* without what differs each time it is shown."""
    return re.sub(r'(?<=name="csrfmiddlewaretoken" value=")\w+', "", page)
