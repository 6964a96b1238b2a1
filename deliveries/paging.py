"""A log page by page, newest first. Pages cost the same wherever they are: no offsets, no totals."""

from dataclasses import dataclass

from deliveries.models import Delivery, DeliveryQuerySet
from portal.access import get_visible
from portal.http import PortalRequest

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


def page_of(request: PortalRequest, deliveries: DeliveryQuerySet) -> Page:
    """
    Return the deliveries that are older than the one that `?before=` names; without it, the newest.

    Raises:
        Http404: none of *deliveries* is called so.

    """
    before, rows = request.GET.get("before", ""), deliveries.order_by("-pk")
    if before:
        start = get_visible(request, deliveries, partner="webhook__partner", public_id=before)
        rows = rows.filter(pk__lt=start.pk)
    found = list(rows[: PAGE_SIZE + 1])
    shown = found[:PAGE_SIZE]
    return Page(shown, before, older=shown[-1].public_id if len(found) > PAGE_SIZE else "")
