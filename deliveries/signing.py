"""Body, secrets and time to signature headers. Pure."""

import base64
import hashlib
import hmac

from webhooks.secret_keys import standard_key, text_key


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
        "x-webhook-signature": _hmac(text_key(secrets[-1]), body).hex(),
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(_versioned(_hmac(standard_key(each), signed)) for each in secrets),
    }


def _hmac(key: bytes, message: bytes) -> bytes:
    # hmac.digest() lets other threads run meanwhile, and may wait milliseconds for its turn to go on.
    return hmac.new(key, message, hashlib.sha256).digest()


def _versioned(signature: bytes) -> str:
    return "v1," + base64.b64encode(signature).decode()
