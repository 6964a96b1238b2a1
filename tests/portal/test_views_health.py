"""Whether a process can serve."""

import pytest
from django.db import OperationalError, connection
from django.test import Client

pytestmark = pytest.mark.django_db


def test_it_is_well_while_the_database_answers():
    response = Client().get("/health/")
    assert (response.status_code, response.content) == (200, b"ok\n")


def test_it_is_not_once_the_database_does_not(monkeypatch):
    def refuse():
        raise OperationalError("password of portal@db.example.com refused")

    monkeypatch.setattr(connection, "cursor", refuse)
    response = Client().get("/health/")
    assert (response.status_code, response.content) == (503, b"The database does not answer.\n")


def test_nobody_keeps_the_answer():
    assert "no-store" in Client().get("/health/").headers["Cache-Control"]


def test_it_is_answered_in_the_clear_too(settings):
    settings.SECURE_SSL_REDIRECT = True
    assert Client().get("/health/").status_code == 200
