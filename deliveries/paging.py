"""A log page by page, newest first. Pages cost the same wherever they are: no offsets, no totals."""

from dataclasses import dataclass

from django.shortcuts import get_object_or_404

from deliveries.models import Delivery, DeliveryQuerySet

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class Page:
    """Some deliveries; `before` is where they start and `older` where those after them do."""

    deliveries: list[Delivery]
    before: str
    older: str

    @property
    def is_paged(self) -> bool:
        return bool(self.before or self.older)

    @property
    def is_pending(self) -> bool:
        """Whether the engine is about to change one of them."""
        return any_pending(self.deliveries)


def any_pending(deliveries: list[Delivery]) -> bool:
    return any(delivery.status == Delivery.Status.PENDING for delivery in deliveries)


def page_of(deliveries: DeliveryQuerySet, *, before: str) -> Page:
    """
    Return the deliveries that are older than the one called *before*; without it, the newest.

    Raises:
        Http404: none of *deliveries* is called so.

    """
    rows = deliveries.order_by("-pk")
    if before:
        rows = rows.filter(pk__lt=get_object_or_404(deliveries, public_id=before).pk)
    found = list(rows[: PAGE_SIZE + 1])
    shown = found[:PAGE_SIZE]
    return Page(shown, before, older=shown[-1].public_id if len(found) > PAGE_SIZE else "")
