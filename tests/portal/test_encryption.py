"""Text that is encrypted at rest; a webhook's secret stands for all of it."""

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import FieldError
from django.db import connection
from pytest_django import Settings

from portal.encryption import DecryptionError
from tests.factories import make_webhook
from webhooks.models import Webhook

pytestmark = pytest.mark.django_db

SECRET = "whsec_canary"


def stored(webhook: Webhook, column: str = "secret") -> str:
    """Return what the database holds."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM webhooks_webhook WHERE id = %s", [webhook.pk])  # noqa: S608
        return str(cursor.fetchone()[0])


def store(webhook: Webhook, token: str, column: str = "secret") -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE webhooks_webhook SET {column} = %s WHERE id = %s", [token, webhook.pk])  # noqa: S608


def reread(webhook: Webhook) -> Webhook:
    return Webhook.objects.get(pk=webhook.pk)


def test_what_was_saved_is_read_back() -> None:
    assert reread(make_webhook(secret=SECRET)).secret == SECRET


def test_any_text_survives() -> None:
    secret = "ключ\n\0 🔑".replace("\0", "")
    assert reread(make_webhook(secret=secret)).secret == secret


def test_the_database_never_holds_the_plain_text() -> None:
    assert SECRET not in stored(make_webhook(secret=SECRET))


def test_equal_texts_are_stored_differently() -> None:
    assert stored(make_webhook(secret=SECRET)) != stored(make_webhook(secret=SECRET))


def test_none_stays_none() -> None:
    assert reread(make_webhook(previous_secret=None)).previous_secret is None


def test_a_wrong_key_is_an_error_that_names_the_setting(settings: Settings) -> None:
    webhook = make_webhook(secret=SECRET)
    settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    with pytest.raises(DecryptionError, match="no key in FIELD_ENCRYPTION_KEYS opens it"):
        _ = reread(webhook).secret


def test_a_new_key_in_front_still_opens_what_the_old_one_wrote(settings: Settings) -> None:
    webhook = make_webhook(secret=SECRET)
    settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode(), *settings.FIELD_ENCRYPTION_KEYS]
    assert reread(webhook).secret == SECRET


def test_the_first_key_is_the_one_that_writes(settings: Settings) -> None:
    new, old = Fernet.generate_key().decode(), settings.FIELD_ENCRYPTION_KEYS[0]
    settings.FIELD_ENCRYPTION_KEYS = [new, old]
    token = stored(make_webhook(secret=SECRET))
    assert SECRET in Fernet(new).decrypt(token).decode()


def test_the_token_of_another_row_is_refused() -> None:
    mine, theirs = make_webhook(secret="mine"), make_webhook(secret=SECRET)
    store(mine, stored(theirs))
    with pytest.raises(DecryptionError, match="another row or field"):
        _ = reread(mine).secret


def test_the_token_of_another_field_is_refused() -> None:
    webhook = make_webhook(secret="new", previous_secret=SECRET)
    store(webhook, stored(webhook, "previous_secret"))
    with pytest.raises(DecryptionError, match="another row or field"):
        _ = reread(webhook).secret


def test_plain_text_in_the_column_is_refused() -> None:
    webhook = make_webhook()
    store(webhook, SECRET)
    with pytest.raises(DecryptionError):
        _ = reread(webhook).secret


def test_an_error_does_not_quote_what_it_could_not_read(settings: Settings) -> None:
    webhook = make_webhook(secret=SECRET)
    token = stored(webhook)
    settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    with pytest.raises(DecryptionError) as caught:
        _ = reread(webhook).secret
    assert token not in str(caught.value)
    assert webhook.public_id in str(caught.value)


def test_a_list_that_shows_no_secret_needs_no_key(settings: Settings) -> None:
    webhook = make_webhook()
    settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    assert [each.url for each in Webhook.objects.all()] == [webhook.url]


def test_a_deferred_secret_is_read_when_it_is_asked_for() -> None:
    webhook = make_webhook(secret=SECRET)
    assert Webhook.objects.defer("secret").get(pk=webhook.pk).secret == SECRET


def test_saving_what_was_only_read_keeps_the_token() -> None:
    webhook = make_webhook(secret=SECRET)
    before = stored(webhook)
    reread(webhook).save()
    assert stored(webhook) == before


def test_saving_a_new_text_replaces_it() -> None:
    webhook = reread(make_webhook(secret=SECRET))
    webhook.secret = "another"
    webhook.save()
    assert reread(webhook).secret == "another"


def test_update_is_refused() -> None:
    with pytest.raises(TypeError, match="save the object instead"):
        Webhook.objects.update(secret=SECRET)


def test_filtering_is_refused() -> None:
    with pytest.raises(TypeError, match="secret is encrypted"):
        Webhook.objects.filter(secret=SECRET).exists()


@pytest.mark.parametrize("lookup", ["contains", "icontains", "startswith", "in", "regex"])
def test_searching_is_refused(lookup: str) -> None:
    with pytest.raises(FieldError, match="Unsupported lookup"):
        Webhook.objects.filter(**{f"secret__{lookup}": SECRET}).exists()


def test_whether_there_is_any_can_be_asked() -> None:
    webhook = make_webhook(previous_secret="old")
    make_webhook()
    assert Webhook.objects.get(previous_secret__isnull=False) == webhook
