"""What the settings must be before strangers may reach the portal."""

import base64
import os
import re
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import NamedTemporaryFile

from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

LOCAL_HOSTS = ["localhost", "127.0.0.1", "[::1]"]

#: What django-environ takes for true.
TRUE = {"true", "on", "ok", "y", "yes", "1"}

PORTAL_URL = re.compile(r"https://[A-Za-z0-9.\-\[\]]+(:[0-9]{1,5})?/?")

MAKE_ENCRYPTION_KEY = (
    'Make one: python -c "from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"'
)


def is_production(*, debug: str | None, hosts: Sequence[str]) -> bool:
    """Tell whether strangers may reach us: DEBUG is set to false, or a public host is served."""
    if debug and not _is_true(debug):
        return True
    return bool(public_hosts(hosts))


def public_hosts(hosts: Sequence[str]) -> list[str]:
    """Return the *hosts* that strangers can name."""
    return [host for host in hosts if host not in LOCAL_HOSTS]


def portal_url(*, origins: Sequence[str], hosts: Sequence[str]) -> str:
    """Return where people reach us: the first trusted origin or host that is one; "" if there is none."""
    named = [origin for origin in origins if "*" not in origin]
    named += [f"https://{host}" for host in hosts if not host.startswith((".", "*"))]
    return named[0] if named else ""


def require_safe(environment: Mapping[str, str]) -> None:
    """
    Refuse an unsafe production environment.

    Raises:
        ImproperlyConfigured: every problem at once, each with its fix.

    """
    problems = [problem for check in CHECKS if (problem := check(environment))]
    if problems:
        lines = "\n".join(f"  - {problem}" for problem in problems)
        raise ImproperlyConfigured(f"The portal will not start in production:\n{lines}")


def is_fernet_key(key: str) -> bool:
    """Tell whether *key* is 32 bytes in the base64 of URLs, as Fernet wants it."""
    try:
        Fernet(key)
    except ValueError:
        return False
    return True


def local_key(path: Path) -> str:
    """Return the key kept in *path*, made on first use and readable by its owner alone."""
    try:
        return path.read_text()
    except FileNotFoundError:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return _created(path, base64.urlsafe_b64encode(secrets.token_bytes(32)).decode())


def _created(path: Path, key: str) -> str:
    """Write *key* unless another process came first, whose key then counts."""
    with NamedTemporaryFile("w", dir=path.parent) as draft:  # which its owner alone can read
        draft.write(key)
        draft.flush()
        try:
            os.link(draft.name, path)
        except FileExistsError:
            return path.read_text()
    return key


def _is_true(value: str) -> bool:
    return value.strip().lower() in TRUE


def _debug(environment: Mapping[str, str]) -> str | None:
    if not _is_true(environment.get("DEBUG", "")):
        return None
    return (
        "DEBUG shows strangers the code and the settings. Remove it, or let ALLOWED_HOSTS name this "
        f"machine only ({', '.join(LOCAL_HOSTS)})."
    )


def _secret_key(environment: Mapping[str, str]) -> str | None:
    if _is_strong(environment.get("SECRET_KEY", "")):
        return None
    return (
        "SECRET_KEY must be set to at least 50 random characters. "
        'Make one: python -c "import secrets; print(secrets.token_urlsafe(50))"'
    )


def _secret_key_fallbacks(environment: Mapping[str, str]) -> str | None:
    keys = [key for key in environment.get("SECRET_KEY_FALLBACKS", "").split(",") if key]
    if all(map(_is_strong, keys)):
        return None
    return (
        "SECRET_KEY_FALLBACKS must hold former SECRET_KEYs only, each of at least 50 random characters, "
        "separated by commas: what any of them signs is believed. Take the weak ones out."
    )


def _is_strong(key: str) -> bool:
    return len(key) >= 50 and len(set(key)) >= 5 and not key.startswith("django-insecure-")


def _encryption_keys(environment: Mapping[str, str]) -> str | None:
    keys = [key for key in environment.get("FIELD_ENCRYPTION_KEYS", "").split(",") if key]
    if keys and all(map(is_fernet_key, keys)):
        return None
    return (
        "FIELD_ENCRYPTION_KEYS must hold one or more Fernet keys, newest first, separated by commas. "
        + MAKE_ENCRYPTION_KEY
    )


def _allowed_hosts(environment: Mapping[str, str]) -> str | None:
    hosts = _listed(environment, "ALLOWED_HOSTS")
    if hosts and "*" not in hosts:
        return None
    return "ALLOWED_HOSTS must name the portal's own hosts, for example portal.example.com."


def _loopback(environment: Mapping[str, str]) -> str | None:
    if not _is_true(environment.get("WEBHOOKS_ALLOW_LOOPBACK", "")):
        return None
    return (
        "WEBHOOKS_ALLOW_LOOPBACK is for development: it lets partners reach this machine's own "
        "services. Remove it."
    )


def _portal_url(environment: Mapping[str, str]) -> str | None:
    hosts, origins = _listed(environment, "ALLOWED_HOSTS"), _listed(environment, "CSRF_TRUSTED_ORIGINS")
    if _allowed_hosts(environment):
        return None  # which says enough
    url = environment.get("PORTAL_URL") or portal_url(origins=origins, hosts=hosts)
    if PORTAL_URL.fullmatch(url):
        return None
    return (
        "PORTAL_URL must say where people reach the portal, for the links in e-mail: https:// and a host, "
        "for example https://portal.example.com."
    )


def _listed(environment: Mapping[str, str], name: str) -> list[str]:
    return [each for part in environment.get(name, "").split(",") if (each := part.strip())]


CHECKS = (
    _debug,
    _secret_key,
    _secret_key_fallbacks,
    _encryption_keys,
    _allowed_hosts,
    _loopback,
    _portal_url,
)
