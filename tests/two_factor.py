"""An authenticator app for tests, and the way through the second step."""

import time
from base64 import b32decode
from typing import Any

from django.test import Client
from django_otp.oath import TOTP

from portal.models import Authenticator, User
from tests.factories import PASSWORD


def code_of(authenticator: Authenticator, *, later: int = 0) -> str:
    """Return what the app shows, *later* seconds from now."""
    return code_for(authenticator.key, later=later)


def code_for(key: str, *, later: int = 0) -> str:
    app = TOTP(b32decode(key))
    app.time = time.time() + later
    return f"{app.token():06d}"


def wrong_code(authenticator: Authenticator) -> str:
    """Return six digits that the app shows at no time near."""
    near = {code_of(authenticator, later=30 * step) for step in range(-3, 4)}
    return next(code for code in map(str, range(100_000, 100_010)) if code not in near)


def log_in(client: Client, user: User, *, code: str, then: str = "/webhooks/") -> Any:
    """Take both steps, and return the answer to the second."""
    client.post("/login/", {"username": user.email, "password": PASSWORD, "next": then})
    return client.post("/login/code/", {"code": code})
