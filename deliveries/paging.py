"""A log page by page, newest first. Pages cost the same wherever they are: no offsets, no totals."""

from dataclasses import dataclass

from django.db.models import Q

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
        Http404: the partner has no delivery that is called so.

    """
    before, rows = request.GET.get("before", ""), deliveries.order_by("-created_at", "-pk")
    if before:
        # It need not be one of *deliveries*: it may have left the filter since its page was shown.
        start = get_visible(request, Delivery.objects.only("created_at"), public_id=before)
        rows = rows.filter(_older(start))
    found = list(rows[: PAGE_SIZE + 1])
    shown = found[:PAGE_SIZE]
    return Page(shown, before, older=shown[-1].public_id if len(found) > PAGE_SIZE else "")


def _older(start: Delivery) -> Q:
    """Two conditions for one: the first is what an index finds its place by."""
    return Q(created_at__lte=start.created_at) & (Q(created_at__lt=start.created_at) | Q(pk__lt=start.pk))
