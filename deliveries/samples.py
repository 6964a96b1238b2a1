"""Sample verifications, for tests of an endpoint and for the emit command. Pure."""

from typing import Any

from webhooks.event_types import EventType


def sample(event_type: EventType, *, verification_id: str) -> dict[str, Any]:
    """
    Return the fields of an `events.Verification` of that type.

    For a completed one it is the example of partner-docs.md, under an id of its own: the documented
    receiver ignores an id that it has seen.
    """
    verified = event_type in (EventType.COMPLETED, EventType.MANUAL_REVIEW_COMPLETED)
    verified_at = {"verifiedAt": "2024-01-15T14:30:00Z"} if verified else {}
    return {
        "verification_id": verification_id,
        "session_id": 123,
        "step_id": 456,
        "status": "VERIFIED" if verified else None,
        "proof_data": {"income": {"monthlyAmount": 5000, "verified": verified, "source": "chase-bank"}},
        "formatted_data": {"incomeVerified": verified, "verificationScore": 95 if verified else 12},
        "metadata": {"dataSource": "chase-bank", "processingTimeMs": 15000, **verified_at},
    }
