"""
How often somebody may try to log in: per name and address together, and per name.

An address alone is never shut out, since a whole office may share one. The limit per name is wide, so
that a stranger who knows a name needs many addresses to shut its owner out, and for a while only.
Names that nobody has are counted alike: the answer does not tell which exist.
"""

import hashlib
import logging
import unicodedata
from collections.abc import Iterator

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest

log = logging.getLogger(__name__)

#: Seconds from the first attempt until all are forgotten.
WINDOW = 15 * 60

PER_NAME_AND_ADDRESS, PER_NAME = 10, 100


def admit(request: HttpRequest, name: str) -> bool:
    """
    Count an attempt to log in, and tell whether it may be made.

    It counts before the password is looked at, so that attempts side by side cannot slip through.
    Without a cache everybody is let in: a broker that is down must not lock the portal.
    """
    try:
        # In this order: what an address is refused does not count towards the person's own limit.
        return all(_count(key) <= limit for key, limit in _limits(request, name))
    except Exception:
        log.exception("Logins are not throttled: the cache does not answer.")
        return True


def forget(request: HttpRequest, name: str) -> None:
    """Count from zero again: the person has shown who they are."""
    try:
        cache.delete_many([key for key, _ in _limits(request, name)])
    except Exception:
        log.exception("Attempts to log in are not forgotten: the cache does not answer.")


def _count(key: str) -> int:
    cache.add(key, 0, timeout=WINDOW)
    try:
        return cache.incr(key)
    except ValueError:  # it expired between the two lines
        return 1


def _limits(request: HttpRequest, name: str) -> Iterator[tuple[str, int]]:
    person = unicodedata.normalize("NFKC", name).strip().casefold()
    yield _key(person, _address(request)), PER_NAME_AND_ADDRESS
    yield _key(person), PER_NAME


def _key(*parts: str) -> str:
    # Hashed: a cache is no place for names and addresses of people.
    return "login:" + hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _address(request: HttpRequest) -> str:
    # In production a proxy stands in front and adds the last one; those before it are anybody's claim.
    forwarded = request.headers.get("X-Forwarded-For", "") if settings.PRODUCTION else ""
    return forwarded.rpartition(",")[2].strip() or str(request.META.get("REMOTE_ADDR", ""))
