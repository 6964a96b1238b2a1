"""Whom to tell about a fault."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client
from pytest_django import Settings

pytestmark = pytest.mark.django_db

PATH = "/.well-known/security.txt"


def test_it_names_the_contact_for_a_month(client: Client, settings: Settings) -> None:
    settings.SECURITY_CONTACT = "mailto:security@example.com"
    with time_machine.travel(datetime(2026, 11, 25, 12, tzinfo=UTC), tick=False):
        response = client.get(PATH)
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert response.content.decode().splitlines() == [
        "Contact: mailto:security@example.com",
        "Expires: 2026-12-25T12:00:00Z",
        "Preferred-Languages: en",
    ]


def test_it_never_expires_while_it_is_served(client: Client, settings: Settings) -> None:
    settings.SECURITY_CONTACT = "https://example.com/security"
    with time_machine.travel(datetime.now(UTC) + timedelta(days=400), tick=False):
        expires = client.get(PATH).content.decode().partition("Expires: ")[2].split()[0]
        assert datetime.fromisoformat(expires) > datetime.now(UTC)


def test_without_a_contact_there_is_none(client: Client) -> None:
    assert client.get(PATH).status_code == 404


def test_it_cannot_be_posted_to(client: Client, settings: Settings) -> None:
    settings.SECURITY_CONTACT = "mailto:security@example.com"
    assert client.post(PATH).status_code == 405
