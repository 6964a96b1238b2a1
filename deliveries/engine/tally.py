"""What came of deliveries, by webhook and hour: gathered in memory, added in one statement."""

from datetime import datetime

from deliveries.engine.bulk import Statement, adding
from deliveries.models import Delivery
from webhooks.figures import LATENCIES, latency_column
from webhooks.models import WebhookHour

FIELDS = ("succeeded", "failed", *LATENCIES)
SUCCEEDED, FAILED, FIRST_LATENCY = range(3)

#: Where a delivery of that status is counted; the others have not ended, or do not count.
PLACES = {Delivery.Status.SUCCEEDED: SUCCEEDED, Delivery.Status.FAILED: FAILED}


class Tallies:
    """Counts to add. Whoever writes them holds the locks of their webhooks, so they never collide."""

    def __init__(self) -> None:
        self._hours: dict[tuple[int, datetime], list[int]] = {}

    def add(
        self, webhook_id: int, moment: datetime, *, status: Delivery.Status, answered_in_ms: int | None
    ) -> None:
        """Count one attempt that ended at *moment*, and its delivery if that ended with it."""
        counts = self._counts(webhook_id, moment)
        if status in PLACES:
            counts[PLACES[status]] += 1
        if answered_in_ms is not None:
            counts[FIRST_LATENCY + latency_column(answered_in_ms)] += 1

    def take_back(self, webhook_id: int, moment: datetime, *, status: Delivery.Status) -> None:
        """Count a delivery no longer that ended so at *moment*."""
        self._counts(webhook_id, moment)[PLACES[status]] -= 1

    def writing(self) -> Statement:
        """Return what writes them."""
        rows = ((*key, *counts) for key, counts in self._hours.items())
        return adding(WebhookHour, FIELDS, rows, key=("webhook", "hour"))

    def _counts(self, webhook_id: int, moment: datetime) -> list[int]:
        key = webhook_id, moment.replace(minute=0, second=0, microsecond=0)
        return self._hours.setdefault(key, [0] * len(FIELDS))
