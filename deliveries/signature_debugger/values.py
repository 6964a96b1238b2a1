"""What a diagnosis starts from. Pure."""

from dataclasses import dataclass

from deliveries.signature_debugger.mistakes import Mistake

DOCUMENTED, STANDARD = "x-webhook-signature", "webhook-signature"


@dataclass(frozen=True, slots=True)
class Signed:
    """
    What we signed.

    Without *message_id* (the webhook-id) and *timestamps* (the webhook-timestamp of each attempt, in
    seconds since 1970) only x-webhook-signature can be recognised.
    """

    body: bytes
    message_id: str = ""
    timestamps: tuple[int, ...] = ()
    #: What the partner says that their server received, if they do.
    theirs: bytes | None = None


@dataclass(frozen=True, slots=True)
class Secrets:
    """The webhook's secret, the one before it, and those of the partner's other webhooks."""

    current: str
    previous: str = ""
    #: Whether the previous one still signs.
    overlaps: bool = False
    others: tuple[str, ...] = ()

    @property
    def documented(self) -> str:
        """The one that x-webhook-signature is made with."""
        return self.previous if self.overlaps else self.current

    def __repr__(self) -> str:
        return "Secrets(…)"


@dataclass(frozen=True, slots=True)
class Variant:
    """A key or a message, and the mistake that leads to it."""

    value: bytes
    mistake: Mistake | None = None
