"""What production refuses."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

from portal.safety import is_production, local_key, portal_url, require_safe

KEY, OLD_KEY = "bmV3IGtleSBvZiB0aGUgdGVzdHMsIDMyIGJ5dGVzISE=", "b2xkIGtleSBvZiB0aGUgdGVzdHMsIDMyIGJ5dGVzISE="

SAFE = {
    "SECRET_KEY": "0123456789" * 5,
    "FIELD_ENCRYPTION_KEYS": KEY,
    "ALLOWED_HOSTS": "portal.example.com",
}


@pytest.mark.parametrize(
    ("debug", "hosts", "production"),
    [
        (None, ["localhost", "127.0.0.1", "[::1]"], False),
        ("", ["localhost"], False),
        ("true", ["localhost"], False),
        ("false", ["localhost"], True),
        ("0", ["localhost"], True),
        ("nonsense", ["localhost"], True),
        (None, ["portal.example.com"], True),
        (None, ["localhost", "portal.example.com"], True),
        (None, ["*"], True),
        ("true", ["portal.example.com"], True),
    ],
)
def test_production_is_where_strangers_may_come(
    debug: str | None, hosts: list[str], production: bool
) -> None:
    assert is_production(debug=debug, hosts=hosts) is production


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"DEBUG": "false"},
        {"WEBHOOKS_ALLOW_LOOPBACK": "false"},
        {"ALLOWED_HOSTS": "portal.example.com, .example.org"},
        {"FIELD_ENCRYPTION_KEYS": f"{KEY},{OLD_KEY}"},
        {"SECRET_KEY_FALLBACKS": ""},
        {"SECRET_KEY_FALLBACKS": "abcdefghij" * 5 + "," + "klmnopqrst" * 5},
        {"PORTAL_URL": "https://portal.example.com:8443/"},
        {"ALLOWED_HOSTS": ".example.com", "PORTAL_URL": "https://portal.example.com"},
        {"ALLOWED_HOSTS": ".example.com", "CSRF_TRUSTED_ORIGINS": "https://portal.example.com"},
        {"DEBUG": "false", "ALLOWED_HOSTS": "localhost"},
    ],
)
def test_a_safe_environment_is_accepted(more: dict[str, str]) -> None:
    require_safe(SAFE | more)


@pytest.mark.parametrize(
    ("name", "value", "fix"),
    [
        ("SECRET_KEY", "", "at least 50 random characters"),
        ("SECRET_KEY", "short", "at least 50 random characters"),
        ("SECRET_KEY", "x" * 60, "at least 50 random characters"),
        ("SECRET_KEY", "django-insecure-" + "0123456789" * 5, "at least 50 random characters"),
        ("SECRET_KEY_FALLBACKS", "short", "Take the weak ones out"),
        ("SECRET_KEY_FALLBACKS", "0123456789" * 5 + ",short", "Take the weak ones out"),
        ("SECRET_KEY_FALLBACKS", "x" * 60, "Take the weak ones out"),
        ("FIELD_ENCRYPTION_KEYS", "", "Fernet.generate_key()"),
        ("FIELD_ENCRYPTION_KEYS", ",", "Fernet.generate_key()"),
        ("FIELD_ENCRYPTION_KEYS", "not a key", "Fernet.generate_key()"),
        ("FIELD_ENCRYPTION_KEYS", f"{KEY},not a key", "Fernet.generate_key()"),
        ("ALLOWED_HOSTS", "", "for example portal.example.com"),
        ("ALLOWED_HOSTS", "*", "for example portal.example.com"),
        ("ALLOWED_HOSTS", "portal.example.com, *", "for example portal.example.com"),
        ("DEBUG", "true", "Remove it"),
        ("DEBUG", "on", "Remove it"),
        ("WEBHOOKS_ALLOW_LOOPBACK", "true", "Remove it"),
        ("WEBHOOKS_ALLOW_LOOPBACK", " YES ", "Remove it"),
        ("PORTAL_URL", "portal.example.com", "https:// and a host"),
        ("PORTAL_URL", "http://portal.example.com", "https:// and a host"),
        ("PORTAL_URL", "https://portal.example.com/portal", "https:// and a host"),
        ("PORTAL_URL", "https://user@portal.example.com", "https:// and a host"),
    ],
)
def test_an_unsafe_value_is_refused_with_its_name_and_its_fix(name: str, value: str, fix: str) -> None:
    with pytest.raises(ImproperlyConfigured) as caught:
        require_safe(SAFE | {name: value})
    [_, problem] = str(caught.value).splitlines()
    assert problem.startswith(f"  - {name} ")
    assert fix in problem


@pytest.mark.parametrize("origins", ["", "https://*.example.com", "http://portal.example.com"])
def test_a_portal_that_cannot_tell_where_it_is_does_not_start(origins: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="PORTAL_URL must say where people reach the portal"):
        require_safe(SAFE | {"ALLOWED_HOSTS": ".example.com", "CSRF_TRUSTED_ORIGINS": origins})


@pytest.mark.parametrize(
    ("origins", "hosts", "url"),
    [
        ([], [".example.com", "portal.example.com", "b.example.com"], "https://portal.example.com"),
        (["https://a.example.com"], ["b.example.com"], "https://a.example.com"),
        (["https://*.example.com"], ["b.example.com"], "https://b.example.com"),
        ([], ["*"], ""),
    ],
)
def test_where_the_portal_is_follows_from_what_it_answers_to(
    origins: list[str], hosts: list[str], url: str
) -> None:
    assert portal_url(origins=origins, hosts=hosts) == url


@pytest.mark.parametrize("name", SAFE)
def test_nothing_unsafe_is_a_default(name: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=name):
        require_safe({each: value for each, value in SAFE.items() if each != name})


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(ImproperlyConfigured) as caught:
        require_safe({})
    assert all(name in str(caught.value) for name in SAFE)


def test_no_refusal_quotes_a_secret() -> None:
    with pytest.raises(ImproperlyConfigured) as caught:
        require_safe({"SECRET_KEY": "hush", "FIELD_ENCRYPTION_KEYS": "hush"})
    assert "hush" not in str(caught.value)


def test_a_local_key_is_made_once(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "key"
    assert local_key(path) == local_key(path)


def test_a_local_key_is_a_fernet_key_that_its_owner_alone_can_read(tmp_path: Path) -> None:
    Fernet(local_key(tmp_path / "key"))
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600


def test_those_who_make_a_local_key_at_the_same_moment_get_the_same_one(tmp_path: Path) -> None:
    barrier = threading.Barrier(4)

    def ask() -> str:
        barrier.wait()
        return local_key(tmp_path / "key")

    with ThreadPoolExecutor(4) as pool:
        assert len({each.result() for each in [pool.submit(ask) for _ in range(4)]}) == 1
