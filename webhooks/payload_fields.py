"""What the documented payload holds: the table of the event catalogue, and what templates may name. Pure."""

from typing import NamedTuple

#: Express refuses a body over 102,400 bytes; we stop a little earlier.
MAX_BODY_BYTES = 100_000


class Field(NamedTuple):
    """One field of the payload. The backend chooses what an *is_open* object holds."""

    path: str
    kind: str
    meaning: str
    is_open: bool = False


FIELDS = (
    Field("type", "string", "What happened: the event type."),
    Field("status", "string", "“success” or “failed”: the result in one word."),
    Field("data", "object", "The verification."),
    Field("data.verificationId", "string", "Identifies the verification; the same in all its events."),
    Field("data.sessionId", "string or integer", "The session that the verification belongs to."),
    Field("data.stepId", "string, integer or null", "The step of the session."),
    Field("data.status", "string", "The detailed status, such as VERIFIED, FAILED or EXPIRED."),
    Field(
        "data.proofData", "object", "What was proven, such as the income, as its source has it.", is_open=True
    ),
    Field("data.formattedData", "object", "The same results, ready to show.", is_open=True),
    Field("data.metadata", "object", "About the verification itself: its source and time.", is_open=True),
)

OPEN = {field.path for field in FIELDS if field.is_open}


def members(path: str) -> list[str]:
    """Return the names of the fields directly inside *path*; none of a scalar. "" is the payload itself."""
    prefix = f"{path}." if path else ""
    inside = [f.path.removeprefix(prefix) for f in FIELDS if f.path.startswith(prefix)]
    return [name for name in inside if "." not in name]
