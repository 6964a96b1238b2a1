"""The kinds of event a webhook can subscribe to."""

from django.db.models import TextChoices


class EventType(TextChoices):
    #: The person finished and the source confirmed the data.
    COMPLETED = "verification.completed"
    #: The source refused, or the data did not hold.
    FAILED = "verification.failed"
    #: The person did not finish in time.
    EXPIRED = "verification.expired"
    #: One of our reviewers decided.
    MANUAL_REVIEW_COMPLETED = "verification.manual_review_completed"

    @property
    def meaning(self) -> str:
        """When it happens, in words for a partner's developer."""
        return MEANINGS[self]


MEANINGS = {
    EventType.COMPLETED: "The person finished, and the source confirmed the data.",
    EventType.FAILED: "The source refused, or the data did not hold.",
    EventType.EXPIRED: "The person did not finish in time.",
    EventType.MANUAL_REVIEW_COMPLETED: "One of our reviewers decided.",
}
