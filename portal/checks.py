"""
System checks: what runs, but not well.

What would let strangers in or lose secrets is no check but a refusal to start: see portal.safety,
which reads the environment of production before there are settings. Here is what a developer's own
machine can get wrong too, and what production may run on for a while but should not stay on.
"""

import re
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Info, Tags, register
from django.db import connection

from portal import safety

CONTACT = re.compile(r"(mailto:[^@\s]+@|https://|tel:)[^\s]+")
PROXY = re.compile(r"http://[A-Za-z0-9.-]+:[0-9]{1,5}/?")


@register(Tags.security)
def encryption_keys(**_: Any) -> Sequence[CheckMessage]:
    """Tell about keys that would fail at the first secret."""
    keys = settings.FIELD_ENCRYPTION_KEYS
    invalid = [str(number) for number, key in enumerate(keys, 1) if not safety.is_fernet_key(key)]
    if keys and not invalid:
        return []
    what = f"key {', '.join(invalid)} of {len(keys)} is not a Fernet key" if keys else "there is none"
    return [Error(f"FIELD_ENCRYPTION_KEYS: {what}.", hint=safety.MAKE_ENCRYPTION_KEY, id="portal.E001")]


@register(Tags.security)
def egress_proxy(**_: Any) -> Sequence[CheckMessage]:
    """Tell about a proxy that nothing could be sent through."""
    if not settings.WEBHOOK_EGRESS_PROXY or PROXY.fullmatch(settings.WEBHOOK_EGRESS_PROXY):
        return []
    return [
        Error(
            "WEBHOOK_EGRESS_PROXY is not the address of a proxy.",
            hint="Write http://, a host and a port, and no password, for example http://proxy.internal:3128.",
            id="portal.E002",
        )
    ]


@register(Tags.database)
def database(**_: Any) -> Sequence[CheckMessage]:
    """Tell production about SQLite."""
    if not settings.PRODUCTION or connection.vendor != "sqlite":
        return []
    return [
        Info(
            "Production keeps its data in SQLite, which only this machine can reach and which lets one "
            "process write at a time.",
            hint="Set DATABASE_URL to a PostgreSQL database, for example "
            "postgres://portal:password@db.example.com:5432/portal.",
            id="portal.I001",
        )
    ]


@register("celery")
def broker(**_: Any) -> Sequence[CheckMessage]:
    """Tell production about the broker that needs no server."""
    if not settings.PRODUCTION or not settings.CELERY_BROKER_URL.startswith("embedded:"):
        return []
    return [
        Info(
            "Production carries wakes through a folder of this machine: workers elsewhere are not woken, "
            "and each process counts attempts to log in for itself.",
            hint="Set REDIS_URL, for example redis://redis.example.com:6379/0.",
            id="portal.I002",
        )
    ]


@register("email")
def email(**_: Any) -> Sequence[CheckMessage]:
    """Tell production about e-mail that reaches nobody."""
    if not settings.PRODUCTION or not settings.EMAIL_BACKEND.endswith(".console.EmailBackend"):
        return []
    return [
        Info(
            "Production prints its e-mail: nobody can reset a password, and no partner hears of a webhook "
            "that stopped working.",
            hint="Set EMAIL_URL, for example smtp+tls://user:password@smtp.example.com:587.",
            id="portal.I003",
        )
    ]


@register(Tags.security)
def security_contact(**_: Any) -> Sequence[CheckMessage]:
    """Tell about a contact that nobody could use, and production about none at all."""
    contact = settings.SECURITY_CONTACT
    hint = "Set SECURITY_CONTACT, for example mailto:security@example.com or https://example.com/security."
    if contact and not CONTACT.fullmatch(contact):
        return [Error("SECURITY_CONTACT is no address that can be opened.", hint=hint, id="portal.E003")]
    if contact or not settings.PRODUCTION:
        return []
    return [
        Info(
            "Production does not say whom to tell about a fault: there is no security.txt.",
            hint=hint,
            id="portal.I004",
        )
    ]
