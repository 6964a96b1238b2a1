"""manage.py rotate_encryption_keys."""

from io import StringIO

import pytest
from cryptography.fernet import Fernet
from django.apps import apps
from django.core.management import CommandError, call_command
from pytest_django import Settings

from deliveries.models import Attempt, Event
from portal import encryption, key_rotation
from portal.encryption import EncryptedTextField
from tests.factories import make_attempt, make_delivery, make_event, make_webhook
from webhooks.models import Webhook, WebhookHeader

pytestmark = pytest.mark.django_db

OLD, NEW = "dGVzdHMgb25seSwgbm90IGEgc2VjcmV0LCAzMiBieXQ=", Fernet.generate_key().decode()


@pytest.fixture(autouse=True)
def new_key_in_front(settings: Settings) -> None:
    settings.FIELD_ENCRYPTION_KEYS = [NEW, OLD]


@pytest.fixture
def written_before(settings: Settings) -> Attempt:
    """One row of each kind, written with the old key."""
    settings.FIELD_ENCRYPTION_KEYS = [OLD]
    webhook = make_webhook(secret="whsec_old", previous_secret="whsec_older", headers={"X-Api-Key": "open"})
    delivery = make_delivery(webhook=webhook, event=make_event(partner=webhook.partner, body='{"a":1}'))
    attempt = make_attempt(delivery=delivery, response="thanks")
    settings.FIELD_ENCRYPTION_KEYS = [NEW, OLD]
    return attempt


def rotate() -> str:
    output = StringIO()
    call_command("rotate_encryption_keys", stdout=output)
    return output.getvalue()


def test_everything_opens_with_the_new_key_alone_afterwards(
    written_before: Attempt, settings: Settings
) -> None:
    assert rotate().endswith("Values of older keys that remain: 0\n")
    settings.FIELD_ENCRYPTION_KEYS = [NEW]
    webhook = Webhook.objects.get()
    assert (webhook.secret, webhook.previous_secret) == ("whsec_old", "whsec_older")
    assert WebhookHeader.objects.get().value == "open"
    assert Event.objects.get().body == '{"a":1}'
    assert Attempt.objects.get().response == "thanks"


def test_a_field_of_any_model_is_found() -> None:
    encrypting = {
        model
        for model in apps.get_models()
        if any(isinstance(field, EncryptedTextField) for field in model._meta.get_fields())
    }
    assert set(key_rotation.models()) == encrypting
    assert encrypting >= {Webhook, WebhookHeader, Event, Attempt}


def test_it_says_how_much_it_did_of_what(written_before: Attempt) -> None:
    output = rotate()
    assert "webhooks.Webhook: 2 of 2 values re-encrypted" in output
    assert "webhooks.WebhookHeader: 1 of 1 values" in output


def test_a_second_run_writes_nothing(written_before: Attempt) -> None:
    rotate()
    before = list(Webhook.objects.values())
    assert "webhooks.Webhook: 0 of 2 values re-encrypted" in rotate()
    assert list(Webhook.objects.values()) == before


def test_what_is_empty_stays_empty(settings: Settings) -> None:
    settings.FIELD_ENCRYPTION_KEYS = [OLD]
    make_attempt(status_code=None)
    settings.FIELD_ENCRYPTION_KEYS = [NEW, OLD]
    rotate()
    assert Attempt.objects.get().response == ""
    assert Webhook.objects.get().previous_secret is None


def test_what_was_interrupted_goes_on_where_it_stopped(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.FIELD_ENCRYPTION_KEYS = [OLD]
    for number in range(7):
        make_webhook(secret=f"whsec_{number}")
    settings.FIELD_ENCRYPTION_KEYS = [NEW, OLD]
    monkeypatch.setattr(key_rotation, "BATCH", 2)
    renew, calls = encryption.renew, []

    def interrupted(token: str) -> str:
        calls.append(token)
        if len(calls) == 6:
            raise KeyboardInterrupt
        return renew(token)

    monkeypatch.setattr(encryption, "renew", interrupted)
    with pytest.raises(KeyboardInterrupt):
        rotate()
    # Two batches were complete; the third, half done, was taken back.
    assert "webhooks.Webhook: 3 of 7 values re-encrypted" in rotate()
    settings.FIELD_ENCRYPTION_KEYS = [NEW]
    assert [each.secret for each in Webhook.objects.all()] == [f"whsec_{number}" for number in range(7)]


def test_what_is_written_meanwhile_is_not_overwritten(
    written_before: Attempt, monkeypatch: pytest.MonkeyPatch
) -> None:
    renew = encryption.renew

    def written_meanwhile(token: str) -> str:
        webhook = Webhook.objects.get()
        webhook.secret = "whsec_typed_meanwhile"
        webhook.save(update_fields=["secret"])
        return renew(token)

    monkeypatch.setattr(encryption, "renew", written_meanwhile)
    rotate()
    assert Webhook.objects.get().secret == "whsec_typed_meanwhile"


def test_a_process_that_still_writes_with_the_old_key_is_noticed(
    written_before: Attempt, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    count_old = key_rotation.count_old

    def written_in_between(model: type) -> int:
        if model is Webhook:
            settings.FIELD_ENCRYPTION_KEYS = [OLD]
            make_webhook(secret="whsec_late")
            settings.FIELD_ENCRYPTION_KEYS = [NEW, OLD]
        return count_old(model)

    monkeypatch.setattr(key_rotation, "count_old", written_in_between)
    with pytest.raises(CommandError, match="Restart every web and worker process"):
        rotate()


def test_what_no_key_opens_is_named_and_the_rest_is_done(written_before: Attempt, settings: Settings) -> None:
    settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    lost = make_webhook(secret="whsec_lost")
    settings.FIELD_ENCRYPTION_KEYS = [NEW, OLD]
    with pytest.raises(CommandError) as caught:
        rotate()
    assert f"webhooks.Webhook.secret of row {lost.pk}" in str(caught.value)
    assert "Add the key they were written with" in str(caught.value)
    settings.FIELD_ENCRYPTION_KEYS = [NEW]
    assert Webhook.objects.get(pk=written_before.delivery.webhook_id).secret == "whsec_old"


def test_a_token_stays_bound_to_its_row(written_before: Attempt) -> None:
    theirs = make_webhook()
    rotate()
    [token] = Webhook.objects.filter(pk=written_before.delivery.webhook_id).values_list("secret", flat=True)
    Webhook.objects.filter(pk=theirs.pk).update(secret=token)
    with pytest.raises(encryption.DecryptionError, match="another row or field"):
        _ = Webhook.objects.get(pk=theirs.pk).secret


def test_nothing_secret_is_printed(written_before: Attempt) -> None:
    output = rotate()
    assert not any(text in output for text in (OLD, NEW, "whsec_", "thanks", "gAAAA"))
