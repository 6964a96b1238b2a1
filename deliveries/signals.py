"""
What the verification backend sends.

Each takes `partner` (a portal.models.Partner), `verification` (a deliveries.events.Verification)
and, optionally, `idempotency_key` (a string: sending it again records nothing new).

The event is recorded in the sender's own transaction: rolled back with it, durable with it.
Bad input raises a ValueError that names the path, and records nothing:

    from deliveries.signals import verification_completed
    from deliveries.events import Verification

    verification_completed.send(
        sender=None, partner=partner, verification=Verification(verification_id="ver_1", session_id=7)
    )
"""

from django.dispatch import Signal

#: The person finished and the source confirmed the data.
verification_completed = Signal()

#: The source refused, or the data did not hold.
verification_failed = Signal()

#: The person did not finish in time.
verification_expired = Signal()

#: One of our reviewers decided; `verification.status` says what.
manual_review_completed = Signal()
