"""Body, secrets and time to signature headers. Pure."""


def signature_headers(
    body: bytes, *, message_id: str, timestamp: int, secret: str, previous_secret: str | None = None
) -> dict[str, str]:
    """Return the documented signature header and those of Standard Webhooks 1.0.0."""
    raise NotImplementedError
