"""The text of a signing secret to the keys that it stands for. Pure."""

import base64
import re

#: How Standard Webhooks 1.0.0 marks a secret whose key is the base64 after it.
PREFIX = "whsec_"


def text_key(secret: str) -> bytes:
    """
    Return the key of the documented signature: the text as it is displayed.

    Raises:
        ValueError: it is empty; anybody could make that signature.

    """
    if not secret:
        raise ValueError("The signing secret is empty: give the webhook a secret before it sends.")
    return secret.encode()


def standard_key(secret: str) -> bytes:
    """
    Return the key of the signature of Standard Webhooks.

    Raises:
        ValueError: the secret is empty.

    """
    # Libraries disagree on what is not plain base64 (Python drops foreign characters, Go refuses missing
    # padding), so only what all of them read alike, padded, counts as base64.
    encoded = secret.removeprefix(PREFIX).rstrip("=")
    if secret.startswith(PREFIX) and re.fullmatch("[A-Za-z0-9+/]+", encoded) and len(encoded) % 4 != 1:
        return base64.b64decode(encoded + "=" * (-len(encoded) % 4))
    return text_key(secret)


def standard_secret(secret: str) -> str:
    """
    Return *secret* as the libraries for Standard Webhooks want it: `whsec_` and padded base64.

    A generated secret is that already. A typed one becomes it, also where it only looks like one.
    """
    return PREFIX + base64.b64encode(standard_key(secret)).decode()
