"""System checks."""

from types import SimpleNamespace

import pytest
from django.core.checks import run_checks
from pytest_django import Settings

from portal import checks

KEY = "dGVzdHMgb25seSwgbm90IGEgc2VjcmV0LCAzMiBieXQ="
CONSOLE, SMTP = (f"django.core.mail.backends.{name}.EmailBackend" for name in ("console", "smtp"))


@pytest.fixture
def poor(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings with nothing but defaults."""
    monkeypatch.setattr(checks, "connection", SimpleNamespace(vendor="sqlite"))
    settings.CELERY_BROKER_URL = "embedded://localhost"
    settings.EMAIL_BACKEND = CONSOLE
    return settings


def found() -> dict[str, str]:
    """Return our own findings: id to words."""
    return {
        str(each.id): f"{each.msg} {each.hint}"
        for each in run_checks()
        if str(each.id).startswith("portal.") and not str(each.id).startswith("portal.User")
    }


def test_a_fresh_clone_has_nothing_to_say(poor: Settings) -> None:
    assert found() == {}


def test_production_on_defaults_is_warned_of_each_with_its_fix(poor: Settings) -> None:
    poor.PRODUCTION = True
    warnings = found()
    assert {id_: text.split()[-1] for id_, text in warnings.items()} == {
        "portal.I001": "postgres://portal:password@db.example.com:5432/portal.",
        "portal.I002": "redis://redis.example.com:6379/0.",
        "portal.I003": "smtp+tls://user:password@smtp.example.com:587.",
        "portal.I004": "https://example.com/security.",
    }


@pytest.mark.parametrize(
    ("name", "value", "silenced"),
    [
        ("CELERY_BROKER_URL", "redis://redis:6379/0", "portal.I002"),
        ("EMAIL_BACKEND", SMTP, "portal.I003"),
        ("SECURITY_CONTACT", "mailto:security@example.com", "portal.I004"),
    ],
)
def test_each_fix_silences_its_warning(poor: Settings, name: str, value: object, silenced: str) -> None:
    poor.PRODUCTION = True
    before = found().keys()
    setattr(poor, name, value)
    assert before - found().keys() == {silenced}


def test_postgresql_silences_the_warning_about_sqlite(
    poor: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    poor.PRODUCTION = True
    monkeypatch.setattr(checks, "connection", SimpleNamespace(vendor="postgresql"))
    assert "portal.I001" not in found()


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ([], "there is none"),
        (["short"], "key 1 of 1 is not a Fernet key"),
        ([KEY, KEY[:-2]], "key 2 of 2"),
        ([KEY, "ключ", ""], "key 2, 3 of 3"),
    ],
)
def test_keys_that_encrypt_nothing_are_an_error(settings: Settings, keys: list[str], words: str) -> None:
    settings.FIELD_ENCRYPTION_KEYS = keys
    message = found()["portal.E001"]
    assert words in message
    assert "Fernet.generate_key()" in message


def test_a_key_is_never_quoted(settings: Settings) -> None:
    settings.FIELD_ENCRYPTION_KEYS = [KEY[:-2]]
    assert KEY[:-2] not in found()["portal.E001"]


@pytest.mark.parametrize("proxy", ["", "http://proxy.internal:3128", "http://10.0.0.9:8080/"])
def test_a_proxy_is_fine(settings: Settings, proxy: str) -> None:
    settings.WEBHOOK_EGRESS_PROXY = proxy
    assert checks.egress_proxy() == []


@pytest.mark.parametrize(
    "proxy", ["proxy:3128", "https://proxy:3128", "http://user:pass@proxy:1", "http://proxy"]
)
def test_a_proxy_that_cannot_be_used_is_an_error(settings: Settings, proxy: str) -> None:
    settings.WEBHOOK_EGRESS_PROXY = proxy
    [message] = checks.egress_proxy()
    assert (message.id, "pass" in str(message).replace("password", "")) == ("portal.E002", False)


@pytest.mark.parametrize(
    "contact", ["security@example.com", "http://example.com/", "mailto:nobody", "call us"]
)
def test_a_contact_that_cannot_be_opened_is_an_error(settings: Settings, contact: str) -> None:
    settings.SECURITY_CONTACT = contact
    assert "mailto:security@example.com" in found()["portal.E003"]
