"""What came back, written in bulk: attempts, outcomes, health, deactivation."""

import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction

from deliveries.causes import Cause
from deliveries.engine.bulk import update_rows
from deliveries.models import Attempt, Delivery
from deliveries.retry import PROMISED, RetryPolicy
from webhooks.health import remember
from webhooks.models import Webhook

Status = Delivery.Status


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What came of one attempt. Times are this process's monotonic seconds."""

    delivery: Delivery
    started: float
    ended: float
    url: str = ""
    request_headers: dict[str, str] = field(default_factory=dict)
    status_code: int | None = None
    cause: Cause | None = None
    detail: str = ""
    response: str = ""

    @property
    def succeeded(self) -> bool:
        return self.cause is None

    @property
    def duration_ms(self) -> int:
        return round((self.ended - self.started) * 1000)

    @property
    def counts(self) -> bool:
        """Whether it speaks of the endpoint: tests do not, nor do faults of our own."""
        return not self.delivery.is_test and self.cause is not Cause.INTERNAL


@transaction.atomic
def record(outcomes: Sequence[Outcome], *, now: datetime, policy: RetryPolicy = PROMISED) -> int:
    """
    Write *outcomes* and what follows from them; return how many of them still held their lease.

    An outcome whose lease has run out and been claimed again is discarded: the later claim
    speaks for the delivery.
    """
    webhooks = _lock_webhooks(outcomes)
    leased = _still_leased(outcomes)
    _settle(leased, webhooks, now=now, policy=policy)
    _log(leased, now=now)
    _update_webhooks(leased, webhooks, now=now)
    _deactivate_failed(leased, webhooks)
    return len(leased)


def _lock_webhooks(outcomes: Sequence[Outcome]) -> dict[int, Webhook]:
    """Lock in one order, webhooks before deliveries, as every other writer does."""
    keys = {outcome.delivery.webhook_id for outcome in outcomes}
    return {
        w.pk: w for w in Webhook.objects.select_for_update(no_key=True).filter(pk__in=keys).order_by("pk")
    }


def _still_leased(outcomes: Sequence[Outcome]) -> list[Outcome]:
    rows = Delivery.objects.select_for_update(no_key=True).filter(pk__in=[o.delivery.pk for o in outcomes])
    leases = dict(rows.order_by("pk").values_list("pk", "lease"))
    return [o for o in outcomes if o.delivery.lease and leases.get(o.delivery.pk) == o.delivery.lease]


def _settle(
    outcomes: Sequence[Outcome], webhooks: dict[int, Webhook], *, now: datetime, policy: RetryPolicy
) -> None:
    """Decide what each delivery is from here on, and write it."""
    for outcome in outcomes:
        delivery = outcome.delivery
        delivery.attempt_count += 1
        delivery.lease = None
        delivery.status, delivery.next_attempt_at = _decide(
            outcome, webhooks[delivery.webhook_id], now, policy
        )
        delivery.finished_at = (
            None if delivery.status in (Status.PENDING, Status.HELD) else _at(outcome.ended, now)
        )
        delivery.last_status_code = outcome.status_code
        delivery.last_cause = outcome.cause or ""
        delivery.last_duration_ms = outcome.duration_ms
    fields = (
        "status",
        "attempt_count",
        "lease",
        "next_attempt_at",
        "finished_at",
        "last_status_code",
        "last_cause",
        "last_duration_ms",
    )
    update_rows(
        Delivery, fields, ([o.delivery.pk, *(getattr(o.delivery, f) for f in fields)] for o in outcomes)
    )


def _decide(
    outcome: Outcome, webhook: Webhook, now: datetime, policy: RetryPolicy
) -> tuple[Delivery.Status, datetime | None]:
    """Return the delivery's new status and when its next attempt is due."""
    delivery = outcome.delivery
    if outcome.succeeded:
        return Status.SUCCEEDED, None
    wait = None if delivery.is_test else policy.next_wait(delivery.attempt_count - delivery.round_start)
    if wait is None:
        return Status.FAILED, None
    if webhook.deleted_at is not None:
        return Status.CANCELED, None
    if not webhook.is_active:
        return Status.HELD, None
    return Status.PENDING, _at(outcome.ended, now) + timedelta(seconds=wait)


def _log(outcomes: Sequence[Outcome], *, now: datetime) -> None:
    Attempt.objects.bulk_create(
        Attempt(
            delivery=outcome.delivery,
            number=outcome.delivery.attempt_count,
            started_at=_at(outcome.started, now),
            duration_ms=outcome.duration_ms,
            url=outcome.url,
            request_headers=outcome.request_headers,
            status_code=outcome.status_code,
            cause=outcome.cause or "",
            detail=outcome.detail,
            response=outcome.response,
        )
        for outcome in outcomes
    )


def _update_webhooks(outcomes: Sequence[Outcome], webhooks: dict[int, Webhook], *, now: datetime) -> None:
    """Keep health, counts and last delivery on the webhook's row, so that no page counts the log."""
    touched = {}
    for outcome in sorted(outcomes, key=lambda outcome: outcome.ended):
        if outcome.counts:
            webhook = touched[outcome.delivery.webhook_id] = webhooks[outcome.delivery.webhook_id]
            _note(webhook, outcome, now=now)
    fields = (
        "outcomes",
        "succeeded_count",
        "failed_count",
        "last_attempt_at",
        "last_status_code",
        "last_cause",
        "last_duration_ms",
    )
    update_rows(Webhook, fields, ([w.pk, *(getattr(w, f) for f in fields)] for w in touched.values()))


def _note(webhook: Webhook, outcome: Outcome, *, now: datetime) -> None:
    webhook.outcomes = remember(webhook.outcomes, succeeded=outcome.succeeded)
    webhook.succeeded_count += outcome.delivery.status == Status.SUCCEEDED
    webhook.failed_count += outcome.delivery.status == Status.FAILED
    webhook.last_attempt_at = _at(outcome.started, now)
    webhook.last_status_code = outcome.status_code
    webhook.last_cause = outcome.cause or ""
    webhook.last_duration_ms = outcome.duration_ms


def _deactivate_failed(outcomes: Sequence[Outcome], webhooks: dict[int, Webhook]) -> None:
    """A delivery that failed for good makes its webhook inactive: partner-docs.md promises it."""
    last_failures = defaultdict(str)
    for outcome in outcomes:
        if outcome.counts and outcome.delivery.status == Status.FAILED:
            last_failures[outcome.delivery.webhook_id] = outcome.detail
    for key, detail in last_failures.items():
        if webhooks[key].is_active:
            webhooks[key].deactivate(reason=detail)


def _at(monotonic: float, now: datetime) -> datetime:
    """Return the database's time of a moment of this process's monotonic clock."""
    return now - timedelta(seconds=time.monotonic() - monotonic)
