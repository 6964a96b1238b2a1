"""The admin as an administrator sees it."""

from typing import Any

from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse


def url_of(model: type[Model], page: str, *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def opened(client: Client, url: str, data: dict[str, str] | None = None) -> str:
    """Return the page at *url*, which must open at once."""
    response = client.get(url, data)
    assert response.status_code == 200, (url, data, response.status_code)
    return response.content.decode()


def queries(client: Client, url: str) -> int:
    """Count what the second visit asks the database; the first one fills Django's caches."""
    opened(client, url)
    with CaptureQueriesContext(connection) as asked:
        opened(client, url)
    return len(asked)


def refused(client: Client, url: str, method: str = "GET") -> bool:
    response = client.generic(method, url)
    return response.status_code == 403
