"""Deliveries whose webhook is inactive, active again, or gone."""

from datetime import datetime

from django.db.models import Exists, F, OuterRef
from django.db.models.functions import Now

from deliveries.models import Delivery, DeliveryQuerySet
from webhooks.models import Webhook

Status = Delivery.Status


def hold(webhook: Webhook) -> int:
    """Hold all that the webhook is still owed, and say how many; what is under way ends first."""
    return hold_all(webhook.deliveries.filter(status=Status.PENDING, lease=None, is_test=False))


def release(webhook: Webhook) -> int:
    """Owe again what was held, each with its full number of attempts, and say how many."""
    return webhook.deliveries.filter(status=Status.HELD).update(
        status=Status.PENDING, next_attempt_at=Now(), round_start=F("attempt_count")
    )


def cancel(webhook: Webhook) -> int:
    """Give up all that a deleted webhook was owed, and say how many; what is under way ends first."""
    owed = webhook.deliveries.filter(status__in=(Status.PENDING, Status.HELD), lease=None)
    return cancel_all(owed, now=Now())


def release_stragglers() -> int:
    """
    Release what is held for active webhooks, and say how many.

    An event can find its webhook inactive and commit just after the webhook was activated and its
    held deliveries were released. Emitting takes no lock that would prevent it.
    """
    held = Delivery.objects.filter(webhook=OuterRef("pk"), status=Status.HELD)
    stuck = Webhook.objects.live().filter(Exists(held), is_active=True)
    return sum(release(webhook) for webhook in stuck)


def hold_all(deliveries: DeliveryQuerySet) -> int:
    """Keep these until their webhook is active."""
    return deliveries.update(status=Status.HELD, next_attempt_at=None, lease=None)


def cancel_all(deliveries: DeliveryQuerySet, *, now: datetime | Now) -> int:
    """Give these up."""
    return deliveries.update(status=Status.CANCELED, next_attempt_at=None, lease=None, finished_at=now)
