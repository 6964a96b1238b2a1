"""Deliveries whose webhook is inactive, active again, or gone."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Exists, F, OuterRef
from django.db.models.functions import Now

from deliveries.models import Delivery, DeliveryQuerySet
from webhooks.models import Webhook

Status = Delivery.Status


def must_wait(delivery: Delivery) -> bool:
    """Whether a due delivery may not be sent: only tests go to an inactive webhook."""
    webhook = delivery.webhook
    return webhook.deleted_at is not None or not (webhook.is_active or delivery.is_test)


def set_aside(deliveries: Sequence[Delivery], *, now: datetime) -> None:
    """Hold what came due as its webhook stopped receiving; cancel what no webhook is left for."""
    gone = [d.pk for d in deliveries if d.webhook.deleted_at is not None]
    inactive = [d.pk for d in deliveries if d.webhook.deleted_at is None]
    if gone:
        _cancel(Delivery.objects.filter(pk__in=gone), now=now)
    if inactive:
        _hold(Delivery.objects.filter(pk__in=inactive))


def hold(webhook: Webhook) -> int:
    """Hold all that the webhook is still owed, and say how many; what is under way ends first."""
    return _hold(webhook.deliveries.filter(status=Status.PENDING, lease=None, is_test=False))


def release(webhook: Webhook) -> int:
    """Owe again what was held, each with its full number of attempts, and say how many."""
    return webhook.deliveries.filter(status=Status.HELD).update(
        status=Status.PENDING, next_attempt_at=Now(), round_start=F("attempt_count")
    )


def cancel(webhook: Webhook) -> int:
    """Give up all that a deleted webhook was owed, and say how many; what is under way ends first."""
    owed = webhook.deliveries.filter(status__in=(Status.PENDING, Status.HELD), lease=None)
    return _cancel(owed, now=Now())


def release_stragglers() -> int:
    """
    Release what is held for active webhooks, and say how many.

    An event can find its webhook inactive and commit just after the webhook was activated and its
    held deliveries were released. Emitting takes no lock that would prevent it.
    """
    held = Delivery.objects.filter(webhook=OuterRef("pk"), status=Status.HELD)
    stuck = Webhook.objects.live().filter(Exists(held), is_active=True)
    return sum(release(webhook) for webhook in stuck)


def _hold(deliveries: DeliveryQuerySet) -> int:
    return deliveries.update(status=Status.HELD, next_attempt_at=None, lease=None)


def _cancel(deliveries: DeliveryQuerySet, *, now: datetime | Now) -> int:
    return deliveries.update(status=Status.CANCELED, next_attempt_at=None, lease=None, finished_at=now)
