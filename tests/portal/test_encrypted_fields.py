"""Every encrypted field of every model: opened with the right key, by its own row and field only."""

from collections.abc import Callable
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.apps import apps
from django.db import connection
from django.db.models import Model
from pytest_django import Settings

from deliveries.models import Attempt, Delivery, Event
from portal.encryption import DecryptionError, EncryptedTextField
from portal.models import Authenticator
from tests.factories import make_attempt, make_delivery, make_event, make_user, make_webhook
from webhooks.models import Webhook, WebhookHeader

pytestmark = pytest.mark.django_db

TEXT = "canary"

MAKERS: dict[tuple[type[Model], str], Callable[[], Model]] = {
    (Authenticator, "key"): lambda: Authenticator.objects.create(user=make_user(), key=TEXT),
    (Webhook, "secret"): lambda: make_webhook(secret=TEXT),
    (Webhook, "previous_secret"): lambda: make_webhook(previous_secret=TEXT),
    (WebhookHeader, "value"): lambda: make_webhook(headers={"X-Key": TEXT}).headers.get(),  # noqa: PLW0108 - later
    (Event, "body"): lambda: make_event(body=TEXT),
    (Delivery, "body"): lambda: make_delivery(body=TEXT),
    (Attempt, "response"): lambda: make_attempt(response=TEXT),
}
CHANGES = [lambda token: token[:-6] + "AAAA==", lambda _: TEXT, lambda token: token[1:]]
FIELDS = [pytest.param(*key, id=f"{key[0].__name__}.{key[1]}") for key in MAKERS]


def stored(row: Model, field: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {field} FROM {row._meta.db_table} WHERE id = %s", [row.pk])  # noqa: S608
        return str(cursor.fetchone()[0])


def store(row: Model, field: str, token: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {row._meta.db_table} SET {field} = %s WHERE id = %s", [token, row.pk])  # noqa: S608


def read(row: Model, field: str) -> Any:
    return getattr(type(row)._base_manager.get(pk=row.pk), field)


def test_no_encrypted_field_is_left_out() -> None:
    found = {
        (model, field.name)
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if isinstance(field, EncryptedTextField)
    }
    assert found == set(MAKERS)


@pytest.mark.parametrize(("model", "field"), FIELDS)
def test_it_is_read_back_and_never_stored_in_the_clear(model: type[Model], field: str) -> None:
    row = MAKERS[model, field]()
    assert read(row, field) == TEXT
    assert TEXT not in stored(row, field)


@pytest.mark.parametrize(("model", "field"), FIELDS)
def test_a_wrong_key_is_an_error(model: type[Model], field: str, settings: Settings) -> None:
    row = MAKERS[model, field]()
    settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    with pytest.raises(DecryptionError, match=f"{model.__name__}.{field}:.*no key"):
        read(row, field)


@pytest.mark.parametrize(("model", "field"), FIELDS)
def test_another_rows_token_is_refused(model: type[Model], field: str) -> None:
    mine, theirs = MAKERS[model, field](), MAKERS[model, field]()
    store(mine, field, stored(theirs, field))
    with pytest.raises(DecryptionError, match="another row or field"):
        read(mine, field)
    assert read(theirs, field) == TEXT


@pytest.mark.parametrize(("model", "field"), FIELDS)
def test_another_fields_token_is_refused(model: type[Model], field: str) -> None:
    row = MAKERS[model, field]()
    for other, make in MAKERS.items():
        if other != (model, field):
            store(row, field, stored(make(), other[1]))
            with pytest.raises(DecryptionError, match="another row or field"):
                read(row, field)


@pytest.mark.parametrize(("model", "field"), FIELDS)
@pytest.mark.parametrize(
    "change", [lambda token: token[:-6] + "AAAA==", lambda _: TEXT, lambda token: token[1:]]
)
def test_what_is_not_a_token_of_ours_is_refused(
    model: type[Model], field: str, change: Callable[[str], str]
) -> None:
    """Neither a token that was tampered with nor plain text passes for a value."""
    row = MAKERS[model, field]()
    store(row, field, change(stored(row, field)))
    with pytest.raises(DecryptionError):
        read(row, field)
