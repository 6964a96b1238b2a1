"""A webhook becomes active again, and with it goes what was held: sent, or discarded for good reasons."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models.functions import Now

from deliveries.banners import MOST_HELD
from deliveries.engine import holding
from deliveries.models import Delivery
from portal import audit
from portal.audit import Action
from webhooks.models import Webhook

Status = Delivery.Status

#: So many are discarded in one transaction: others wait for the webhook's row no longer than that takes.
BATCH = 5_000


@dataclass(frozen=True, slots=True)
class Held:
    """What waits for an inactive webhook: how many, up to MOST_HELD + 1, and since when."""

    count: int
    since: datetime | None


def held_for(webhook: Webhook) -> Held:
    """Look at what waits for *webhook*; it costs the same however much that is."""
    if webhook.is_active:
        return Held(0, None)
    held = Delivery.objects.filter(webhook=webhook, status=Status.HELD)
    oldest = held.order_by("created_at", "pk").values_list("created_at", flat=True).first()
    return Held(held[: MOST_HELD + 1].count(), oldest)


@transaction.atomic
def activate(webhook: Webhook, *, by: str) -> bool:
    """Activate *webhook*, send what is held for it, and say whether it was inactive until now."""
    if _lock_inactive(webhook) is None:
        return False
    webhook.activate()
    audit.record(Action.ACTIVATED, webhook, by=by, partner=webhook.partner)
    return True


def discard(webhook: Webhook, *, until: datetime, by: str) -> int:
    """
    Cancel what is held for the inactive *webhook* and was there at *until*; say how many that were.

    They stay in the log, where each can be sent again. What has come since then nobody has seen, so it
    is left alone.
    """
    total = found = _discard_batch(webhook, until=until, by=by)
    while found == BATCH:
        total += (found := _discard_batch(webhook, until=until, by=by))
    return total


@transaction.atomic
def _discard_batch(webhook: Webhook, *, until: datetime, by: str) -> int:
    """Lock the webhook, then its deliveries, as every other writer does."""
    if _lock_inactive(webhook) is None:
        return 0
    held = Delivery.objects.filter(webhook=webhook, status=Status.HELD, created_at__lte=until)
    oldest = held.order_by("created_at", "pk").values_list("pk", flat=True)
    keys = list(oldest.select_for_update(no_key=True)[:BATCH])
    count = holding.cancel_all(Delivery.objects.filter(pk__in=keys), now=Now())
    if count:
        noun = "held delivery" if count == 1 else "held deliveries"
        audit.record(Action.DISCARDED, webhook, by=by, partner=webhook.partner, detail=f"{count:,} {noun}")
    return count


def _lock_inactive(webhook: Webhook) -> Webhook | None:
    rows = Webhook.objects.live().filter(pk=webhook.pk, is_active=False)
    return rows.only("pk").select_for_update(no_key=True).first()
