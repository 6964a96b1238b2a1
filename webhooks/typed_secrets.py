"""What a partner may type as a signing secret. Pure."""

import base64
import binascii

from django.core.exceptions import ValidationError

from webhooks.secret_keys import PREFIX

SHORTEST, LONGEST = 24, 128


def check_secret(secret: str) -> str:
    """
    Return *secret*.

    Raises:
        ValidationError: it is too short, too long, or would not survive being copied; or it starts
            with "whsec_", as Standard Webhooks 1.0.0 has it, and what follows is not base64.

    """
    if not secret.isascii() or not secret.isprintable() or " " in secret:
        raise ValidationError("Use letters, digits and punctuation only: no spaces, no accents.")
    if not SHORTEST <= len(secret) <= LONGEST:
        raise ValidationError(
            f"The secret has {len(secret)} characters. Use {SHORTEST} to {LONGEST}, or leave it empty "
            "and we make one."
        )
    if secret.startswith(PREFIX):
        _check_base64(secret.removeprefix(PREFIX))
    return secret


def _check_base64(text: str) -> None:
    try:
        key = base64.b64decode(text, validate=True)
    except binascii.Error:
        key = b""
    if not SHORTEST <= len(key) <= LONGEST:
        raise ValidationError(
            "After “whsec_” must come the base64 of at least 24 bytes. "
            "Leave out “whsec_” to use the text itself."
        )
