"""Body, secrets and time to signature headers. Pure."""

import base64
import hashlib
import hmac
import re

#: How Standard Webhooks 1.0.0 marks a secret whose key is the base64 after it.
PREFIX = "whsec_"


def signature_headers(
    body: bytes, *, message_id: str, timestamp: int, secret: str, previous_secret: str | None = None
) -> dict[str, str]:
    """
    Return the documented signature header and those of Standard Webhooks 1.0.0.

    *timestamp* is that of this attempt, in seconds since 1970 UTC. *previous_secret* is given while
    a rolled secret overlaps: the documented header, which has room for one signature, then stays with
    it, and `webhook-signature` carries both, the current one first.

    Raises:
        ValueError: a secret is empty; anybody could make that signature.

    """
    signed = f"{message_id}.{timestamp}.".encode() + body
    secrets = [secret] if previous_secret is None else [secret, previous_secret]
    return {
        "x-webhook-signature": _hmac(_text_key(secrets[-1]), body).hex(),
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(_versioned(_hmac(_standard_key(each), signed)) for each in secrets),
    }


def standard_secret(secret: str) -> str:
    """
    Return *secret* as the libraries for Standard Webhooks want it: `whsec_` and padded base64.

    A generated secret is that already. A typed one becomes it, also where it only looks like one.
    """
    return PREFIX + base64.b64encode(_standard_key(secret)).decode()


def _text_key(secret: str) -> bytes:
    if not secret:
        raise ValueError("The signing secret is empty: give the webhook a secret before it sends.")
    return secret.encode()


def _standard_key(secret: str) -> bytes:
    # Libraries disagree on what is not plain base64 (Python drops foreign characters, Go refuses missing
    # padding), so only what all of them read alike, padded, counts as base64.
    encoded = secret.removeprefix(PREFIX).rstrip("=")
    if secret.startswith(PREFIX) and re.fullmatch("[A-Za-z0-9+/]+", encoded) and len(encoded) % 4 != 1:
        return base64.b64decode(encoded + "=" * (-len(encoded) % 4))
    return _text_key(secret)


def _hmac(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, hashlib.sha256)


def _versioned(signature: bytes) -> str:
    return "v1," + base64.b64encode(signature).decode()
