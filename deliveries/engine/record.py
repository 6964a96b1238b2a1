"""What came back, written in bulk: attempts, outcomes, health, deactivation."""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from django.db import DataError, IntegrityError, connection, transaction

from deliveries.alerts import noticing
from deliveries.causes import Cause
from deliveries.engine import tally
from deliveries.engine.bulk import Statement, execute, inserting, locked_rows, update_rows, updating
from deliveries.engine.claim import Leased
from deliveries.models import Attempt, Delivery
from deliveries.retry import PROMISED, RetryPolicy
from webhooks.health import remember
from webhooks.models import Webhook

logger = logging.getLogger(__name__)

Status = Delivery.Status

UNFINISHED = (Status.PENDING, Status.HELD)

#: What a webhook's row keeps of its attempts.
COUNTS = (
    "outcomes",
    "succeeded_count",
    "failed_count",
    "last_attempt_at",
    "last_status_code",
    "last_cause",
    "last_duration_ms",
    "last_failed_at",
    "last_failed_code",
    "last_failed_cause",
    "failing_since",
)

#: What is read of it under its lock, in the model's order, as from_db() wants it.
LOCKED = ("id", "partner_id", "is_active", "deleted_at", *COUNTS, *noticing.FIELDS)


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What came of one attempt. Times are this process's monotonic seconds."""

    delivery: Leased
    started: float
    ended: float
    url: str = ""
    request_headers: dict[str, str] = field(default_factory=dict)
    status_code: int | None = None
    cause: Cause | None = None
    detail: str = ""
    response: str = field(default="", repr=False)

    @property
    def succeeded(self) -> bool:
        return self.cause is None

    @property
    def may_heal(self) -> bool:
        """Whether it is tried again: no template mends itself, and a test is made once."""
        return self.cause != Cause.TEMPLATE and not self.delivery.is_test

    @property
    def duration_ms(self) -> int:
        return round((self.ended - self.started) * 1000)

    @property
    def counts(self) -> bool:
        """Whether it speaks of the endpoint: tests do not, nor do faults of our own."""
        return not self.delivery.is_test and self.cause is not Cause.INTERNAL


@dataclass(frozen=True, slots=True)
class Settled:
    """An outcome and what its delivery is from here on."""

    outcome: Outcome
    status: Delivery.Status
    attempt_count: int
    next_attempt_at: datetime | None
    finished_at: datetime | None


@transaction.atomic
def record(outcomes: Sequence[Outcome], *, now: datetime, policy: RetryPolicy = PROMISED) -> int:
    """
    Write *outcomes* and what follows from them; return how many of them still held their lease.

    An outcome whose lease has run out and been claimed again is discarded: the later claim
    speaks for the delivery.
    """
    webhooks = _lock_webhooks(outcomes)
    decided = [_decide(o, webhooks[o.delivery.webhook_id], now=now, policy=policy) for o in outcomes]
    written = _write_deliveries(decided)
    settled = [each for each in decided if each.outcome.delivery.pk in written]
    execute(_log(settled, now=now), *_update_webhooks(settled, webhooks, now=now))
    _deactivate_failed(settled, webhooks)
    noticing.notice_trouble(webhooks.values(), now=now)
    return len(settled)


def record_apart(outcomes: Sequence[Outcome], *, now: datetime) -> None:
    """Write *outcomes* one by one, when the database refuses one of them and with it the batch."""
    for outcome in outcomes:
        try:
            record([outcome], now=now)
        except (DataError, IntegrityError):
            _record_without_texts(outcome, now=now)


def _record_without_texts(outcome: Outcome, *, now: datetime) -> None:
    """Write what is certain: the endpoint chose the texts, and the database cannot hold them."""
    detail = (
        "" if outcome.succeeded else "The details cannot be shown: they hold characters that are not text."
    )
    try:
        record([replace(outcome, request_headers={}, detail=detail, response="")], now=now)
    except (DataError, IntegrityError):
        # Its lease runs out, and is counted; what cannot be written for ever fails for good there.
        logger.exception("The outcome of delivery %s cannot be written.", outcome.delivery.public_id)


def _lock_webhooks(outcomes: Sequence[Outcome]) -> dict[int, Webhook]:
    """Lock in one order, webhooks before deliveries, as every other writer does."""
    rows = locked_rows(Webhook, LOCKED, {outcome.delivery.webhook_id for outcome in outcomes})
    return {row[0]: Webhook.from_db(connection.alias, LOCKED, row) for row in rows}


def _decide(outcome: Outcome, webhook: Webhook, *, now: datetime, policy: RetryPolicy) -> Settled:
    """Decide what the delivery is now and, if it is tried again, when."""
    delivery, attempts = outcome.delivery, outcome.delivery.attempt_count + 1
    wait = policy.next_wait(attempts - delivery.round_start) if outcome.may_heal else None
    status = _status(outcome, webhook, is_last=wait is None)
    ended = _at(outcome.ended, now)
    due = ended + timedelta(seconds=wait) if wait is not None and status == Status.PENDING else None
    return Settled(outcome, status, attempts, due, None if status in UNFINISHED else ended)


def _status(outcome: Outcome, webhook: Webhook, *, is_last: bool) -> Delivery.Status:
    if outcome.succeeded:
        return Status.SUCCEEDED
    if is_last:
        return Status.FAILED
    if webhook.deleted_at is not None:
        return Status.CANCELED
    return Status.PENDING if webhook.is_active else Status.HELD


def _write_deliveries(decided: Sequence[Settled]) -> set[int]:
    """Write what still holds its lease, and return the ids of that."""
    fields = (
        "status",
        "attempt_count",
        "next_attempt_at",
        "finished_at",
        "last_status_code",
        "last_cause",
        "last_duration_ms",
    )
    rows = [
        (
            each.outcome.delivery.pk,
            each.outcome.delivery.lease,
            each.status,
            each.attempt_count,
            each.next_attempt_at,
            each.finished_at,
            each.outcome.status_code,
            each.outcome.cause or "",
            each.outcome.duration_ms,
        )
        for each in decided
    ]
    return update_rows(Delivery, fields, rows, key=("id", "lease"), clear=("lease",))


def _log(settled: Sequence[Settled], *, now: datetime) -> Statement:
    fields = (
        "delivery",
        "number",
        "started_at",
        "duration_ms",
        "url",
        "request_headers",
        "status_code",
        "cause",
        "detail",
        "response",
    )
    response = Attempt._meta.get_field("response")
    rows = [
        (
            each.outcome.delivery.pk,
            each.attempt_count,
            _at(each.outcome.started, now),
            each.outcome.duration_ms,
            each.outcome.url,
            each.outcome.request_headers,
            each.outcome.status_code,
            each.outcome.cause or "",
            each.outcome.detail,
            response.encrypt(each.outcome.response, owner=each.outcome.delivery.pk),
        )
        for each in settled
    ]
    return inserting(Attempt, fields, rows)


def _update_webhooks(
    settled: Sequence[Settled], webhooks: dict[int, Webhook], *, now: datetime
) -> tuple[Statement, Statement]:
    """Keep health, counts and last delivery as they happen, so that no page counts the log."""
    touched, tallies = {}, tally.Tallies()
    for each in sorted(settled, key=lambda each: each.outcome.ended):
        if each.outcome.counts:
            webhook = touched[each.outcome.delivery.webhook_id] = webhooks[each.outcome.delivery.webhook_id]
            _note(webhook, each, now=now)
            _tally(tallies, each, now=now)
    rows = [(webhook.pk, *(getattr(webhook, name) for name in COUNTS)) for webhook in touched.values()]
    return tallies.writing(), updating(Webhook, COUNTS, rows)


def _note(webhook: Webhook, settled: Settled, *, now: datetime) -> None:
    outcome = settled.outcome
    webhook.outcomes = remember(webhook.outcomes, succeeded=outcome.succeeded)
    webhook.succeeded_count += settled.status == Status.SUCCEEDED
    webhook.failed_count += settled.status == Status.FAILED
    webhook.last_attempt_at = _at(outcome.started, now)
    webhook.last_status_code = outcome.status_code
    webhook.last_cause = outcome.cause or ""
    webhook.last_duration_ms = outcome.duration_ms
    if outcome.cause is None:
        webhook.failing_since = None
    else:
        webhook.failing_since = webhook.failing_since or webhook.last_attempt_at
        webhook.last_failed_at = webhook.last_attempt_at
        webhook.last_failed_code, webhook.last_failed_cause = outcome.status_code, outcome.cause


def _tally(tallies: tally.Tallies, settled: Settled, *, now: datetime) -> None:
    outcome = settled.outcome
    tallies.add(
        outcome.delivery.webhook_id,
        settled.finished_at or _at(outcome.ended, now),
        status=settled.status,
        answered_in_ms=None if outcome.status_code is None else outcome.duration_ms,
    )


def _deactivate_failed(settled: Sequence[Settled], webhooks: dict[int, Webhook]) -> None:
    """Make a webhook inactive whose delivery failed for good: partner-docs.md promises it."""
    failures = [e.outcome for e in settled if e.status == Status.FAILED and e.outcome.counts]
    for outcome in failures:
        webhook = webhooks[outcome.delivery.webhook_id]
        if webhook.is_active:
            webhook.deactivate(reason=outcome.detail)


def _at(monotonic: float, now: datetime) -> datetime:
    """Return the database's time of a moment of this process's monotonic clock."""
    return now - timedelta(seconds=time.monotonic() - monotonic)
