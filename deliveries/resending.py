"""Send again: the same webhook-id and bytes, at once, with a new round of retries."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from deliveries import wake
from deliveries.causes import Cause
from deliveries.engine.bulk import execute, updating
from deliveries.engine.tally import PLACES, Tallies
from deliveries.models import Delivery, DeliveryQuerySet, Resend
from portal import audit
from portal.audit import Action
from webhooks.models import Webhook

Status = Delivery.Status

#: So many are owed again in one transaction, and at most so many by one wish.
BATCH, MOST = 500, 10_000


def resend(delivery: Delivery, *, by: str) -> bool:
    """
    Owe *delivery* again, and say whether that could be.

    It cannot while it is pending, nor without its webhook, nor once its payload has been purged. An inactive
    webhook gets it too, once: whoever has repaired an endpoint wants to see whether it works. What
    fails there is held.
    """
    return _resend([delivery.pk], of=delivery.webhook, subject=delivery, by=by) == 1


def lost(webhook: Webhook, *, since: datetime) -> DeliveryQuerySet:
    """Return what failed or was held of what happened since then, tests left out."""
    missed = Delivery.objects.filter(webhook=webhook, status__in=(Status.FAILED, Status.HELD), is_test=False)
    return missed.filter(created_at__gte=since).exclude(event__body="")


def resend_lost(webhook: Webhook, *, since: datetime, by: str) -> int:
    """Owe again what :func:`lost` finds, the oldest first, at most MOST of it; return how many."""
    oldest = lost(webhook, since=since).order_by("created_at", "pk")
    keys = list(oldest.values_list("pk", flat=True)[:MOST])
    batches = (keys[start : start + BATCH] for start in range(0, len(keys), BATCH))
    return sum(_resend(batch, of=webhook, subject=webhook, by=by) for batch in batches)


@transaction.atomic
def _resend(keys: Sequence[int], *, of: Webhook, subject: Webhook | Delivery, by: str) -> int:
    """Owe these again, and write down who wanted it; return how many are."""
    count = _owe_again(of.pk, keys, by=by)
    if count:
        detail = f"{count:,} that failed or were held" if isinstance(subject, Webhook) else ""
        audit.record(Action.RESENT, subject, by=by, partner=of.partner, detail=detail)
    return count


def _owe_again(webhook_id: int, keys: Sequence[int], *, by: str) -> int:
    """Lock the webhook, then its deliveries, as every other writer does; return how many are owed again."""
    live = Webhook.objects.live().only("succeeded_count", "failed_count")
    webhook = live.select_for_update(no_key=True).filter(pk=webhook_id).first()
    if webhook is None:
        return 0
    ended = Delivery.objects.filter(pk__in=keys).exclude(status=Status.PENDING).order_by("pk")
    # The event is locked too, so that its payload is not purged meanwhile.
    kept = ended.exclude(event__body="").select_related("event")
    deliveries = list(kept.select_for_update(no_key=True, of=("self", "event")))
    _take_out_of_counts(webhook, [delivery for delivery in deliveries if _is_counted(delivery)])
    Resend.objects.bulk_create(
        [Resend(delivery=each, after_attempt=each.attempt_count, by=by) for each in deliveries]
    )
    return _make_pending(deliveries)


def _is_counted(delivery: Delivery) -> bool:
    return delivery.status in PLACES and not delivery.is_test and delivery.last_cause != Cause.INTERNAL


def _take_out_of_counts(webhook: Webhook, deliveries: Sequence[Delivery]) -> None:
    """Count these no longer as what they were: each is counted again as what it becomes."""
    tallies, statuses = Tallies(), [delivery.status for delivery in deliveries]
    for delivery in deliveries:
        if delivery.finished_at is not None:
            tallies.take_back(webhook.pk, delivery.finished_at, status=Status(delivery.status))
    succeeded = max(0, webhook.succeeded_count - statuses.count(Status.SUCCEEDED))
    failed = max(0, webhook.failed_count - statuses.count(Status.FAILED))
    counts = updating(Webhook, ("succeeded_count", "failed_count"), [(webhook.pk, succeeded, failed)])
    execute(tallies.writing(), counts)


def _make_pending(deliveries: Sequence[Delivery]) -> int:
    if deliveries:
        transaction.on_commit(wake.send, robust=True)
    return Delivery.objects.filter(pk__in=[delivery.pk for delivery in deliveries]).update(
        status=Status.PENDING,
        next_attempt_at=Now(),
        finished_at=None,
        round_start=F("attempt_count"),
        resent_count=F("resent_count") + 1,
    )
