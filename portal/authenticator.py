"""The second factor: an authenticator app, and the recovery codes for when it is lost."""

import hashlib
import re
import secrets
from base64 import b32decode, b32encode
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlencode

from django.db import models
from django.utils import timezone
from django_otp.models import Device, ThrottlingMixin, TimestampMixin
from django_otp.oath import TOTP

from portal.encryption import EncryptedTextField

ISSUER = "Cr3dentials"

RECOVERY_CODES = 10

#: The app's code before the current one and after it count too: clocks differ.
TOLERANCE = 1

#: Whoever types wrong codes waits 1, 2, 4… seconds, and never longer than an hour: a stranger who has
#: the password cannot shut its owner out for days.
MOST_FAILURES = 12


class Authenticator(TimestampMixin, ThrottlingMixin, Device):  # type: ignore[misc] # django-otp has no types
    """
    A user's authenticator app (TOTP, RFC 6238), and their recovery codes.

    django-otp's own models keep key and codes in the clear; here the key is encrypted and bound to its
    user, and a code is kept as its hash. One row holds both, so that one lock and one count of
    failures guard them. It counts once it is confirmed by a first code.
    """

    #: 32 letters of base32, as apps take it: 160 bits.
    key = EncryptedTextField(owner="user_id")
    #: The time step of the last code that was taken; it and those before it are never taken again.
    last_t = models.BigIntegerField(default=-1)
    #: SHA-256 of each code that is left. They have 80 random bits, so no slow hash is needed.
    recovery_hashes = models.JSONField(default=list)

    class Meta:
        app_label = "portal"
        constraints = (models.UniqueConstraint(fields=("user",), name="authenticator_of_user"),)

    def __str__(self) -> str:
        return str(self.user)

    @classmethod
    def enrol(cls, user: Any) -> "Authenticator":
        """Begin anew with a key that *user* has still to confirm; one that is confirmed stays."""
        cls.objects.filter(user=user, confirmed=False).delete()
        key = b32encode(secrets.token_bytes(20)).decode()
        authenticator: Authenticator = cls.objects.create(
            user=user, name="Authenticator app", confirmed=False, key=key
        )
        return authenticator

    @property
    def address(self) -> str:
        """What apps read from the QR code. Source: github.com/google/google-authenticator, Key Uri Format."""
        label = quote(f"{ISSUER}:{self.user.email}", safe="@")
        return f"otpauth://totp/{label}?{urlencode({'secret': self.key, 'issuer': ISSUER})}"

    def verify_token(self, token: str) -> bool:
        """
        Take a code of the app, or a recovery code: each works once.

        Wrong ones make the next wait. The row must be locked, as django_otp.verify_token() does.
        """
        if not self.verify_is_allowed()[0]:
            return False
        code = plain(token)
        if not (self._takes(code) or self._recovers(code)):
            self.throttle_increment()
            return False
        self.throttle_reset(commit=False)
        self.set_last_used_timestamp(commit=False)
        self.save()
        return True

    @property
    def locked_for(self) -> timedelta:
        """How long no code is taken yet, after wrong ones."""
        _, why = self.verify_is_allowed()
        return why["locked_until"] - timezone.now() if why else timedelta()

    def get_throttle_factor(self) -> int:
        return 1

    def throttle_increment(self, commit: bool = True) -> None:  # noqa: FBT001, FBT002 - django-otp's
        super().throttle_increment(commit=False)
        failures: int = self.throttling_failure_count  # type: ignore[has-type]
        self.throttling_failure_count = min(failures, MOST_FAILURES)
        if commit:
            self.save()

    def make_recovery_codes(self) -> list[str]:
        """Return new codes; the old ones end. Only their hashes are kept, and those once it is saved."""
        codes = [_grouped(b32encode(secrets.token_bytes(10)).decode().lower()) for _ in range(RECOVERY_CODES)]
        self.recovery_hashes = [_hash(plain(code)) for code in codes]
        return codes

    def _takes(self, code: str) -> bool:
        if not re.fullmatch("[0-9]{6}", code):
            return False
        totp = TOTP(b32decode(self.key))
        if not totp.verify(int(code), tolerance=TOLERANCE, min_t=self.last_t + 1):
            return False
        self.last_t = totp.t()
        return True

    def _recovers(self, code: str) -> bool:
        hashed = _hash(code)
        if hashed not in self.recovery_hashes:
            return False
        self.recovery_hashes = [each for each in self.recovery_hashes if each != hashed]
        return True


def plain(token: str) -> str:
    """Return *token* without what people type to read it better."""
    return re.sub(r"[\s-]", "", token).lower()


def is_recovery_code(token: str) -> bool:
    """Tell by its length whether *token* is no code of an app."""
    return len(plain(token)) > 6


def _grouped(text: str) -> str:
    return "-".join(text[at : at + 4] for at in range(0, len(text), 4))


def _hash(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
