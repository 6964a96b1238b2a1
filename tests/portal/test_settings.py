"""The settings as a process of its own reads them."""

import os
import subprocess
import sys

import pytest
from cryptography.fernet import Fernet
from django.conf import settings

PRODUCTION = {
    "DEBUG": "false",
    "ALLOWED_HOSTS": "portal.example.com",
    "SECRET_KEY": "0123456789abcdef" * 4,
    "FIELD_ENCRYPTION_KEYS": Fernet.generate_key().decode(),
    "DATABASE_URL": "postgres://portal@db.example.com/portal",
    "REDIS_URL": "redis://redis.example.com/0",
    "EMAIL_URL": "smtp+tls://user:password@smtp.example.com:587",
    "WEBHOOKS_ALLOW_LOOPBACK": "",
}


def manage(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "manage.py", *arguments],
        cwd=settings.BASE_DIR,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "portal.settings"} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_production_passes_djangos_own_checks_without_a_warning() -> None:
    done = manage("check", "--deploy", "--fail-level", "WARNING", **PRODUCTION)
    assert done.returncode == 0, done.stderr
    assert "WARNINGS" not in done.stderr


@pytest.mark.parametrize("name", ["SECRET_KEY", "FIELD_ENCRYPTION_KEYS"])
def test_production_does_not_start_without_a_key(name: str) -> None:
    done = manage("check", **PRODUCTION | {name: ""})
    assert done.returncode == 1
    assert f"The portal will not start in production:\n  - {name} must" in done.stderr


def test_production_does_not_start_with_a_way_to_this_machines_own_services() -> None:
    done = manage("check", **PRODUCTION | {"WEBHOOKS_ALLOW_LOOPBACK": "true"})
    assert done.returncode == 1
    assert "WEBHOOKS_ALLOW_LOOPBACK is for development" in done.stderr


def test_debug_does_not_make_a_public_host_private() -> None:
    done = manage("check", **PRODUCTION | {"DEBUG": "true"})
    assert done.returncode == 1
    assert "DEBUG shows strangers" in done.stderr


def test_cookies_and_transport_are_secure_in_production() -> None:
    names = ("SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "SECURE_SSL_REDIRECT", "SECURE_HSTS_SECONDS")
    code = f"from django.conf import settings; print([bool(getattr(settings, n)) for n in {names}])"
    assert manage("shell", "--verbosity", "0", "--command", code, **PRODUCTION).stdout == f"{[True] * 4}\n"


def test_a_former_key_still_reads_what_it_signed() -> None:
    old, new = "fedcba9876543210" * 4, PRODUCTION["SECRET_KEY"]
    signed = run("from django.core.signing import dumps; print(dumps('x'))", SECRET_KEY=old).stdout.strip()
    read = f"from django.core.signing import loads; print(loads({signed!r}))"
    assert run(read, SECRET_KEY=new, SECRET_KEY_FALLBACKS=old).stdout == "x\n"
    assert "BadSignature" in run(read, SECRET_KEY=new).stderr


def run(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return manage("shell", "--verbosity", "0", "--command", code, **PRODUCTION | environment)


@pytest.mark.parametrize("given", ["", "https://p.example.org"])
def test_links_in_e_mail_lead_to_the_portals_own_host(given: str) -> None:
    code = "from django.conf import settings; print(settings.PORTAL_URL)"
    done = manage("shell", "--verbosity", "0", "--command", code, **PRODUCTION | {"PORTAL_URL": given})
    assert done.stdout == f"{given or 'https://portal.example.com'}\n", done.stderr
