"""A log page by page, newest first."""

from django.db.models import Q

from deliveries.models import Delivery, DeliveryQuerySet
from portal import paging
from portal.http import PortalRequest


class Page(paging.Page[Delivery]):
    """Some deliveries, which the engine may be about to change."""

    @property
    def is_pending(self) -> bool:
        """Whether the engine is about to change one of them."""
        return any_pending(self.rows)


def any_pending(deliveries: list[Delivery]) -> bool:
    return any(delivery.status == Delivery.Status.PENDING for delivery in deliveries)


def page_of(request: PortalRequest, deliveries: DeliveryQuerySet) -> Page:
    """
    Return the deliveries that are older than the one that `?before=` names; without it, the newest.

    Raises:
        Http404: the partner has no delivery that is called so.

    """
    return Page.of(request, deliveries.order_by("-created_at", "-pk"), older=_older)


def _older(start: Delivery) -> Q:
    """Two conditions for one: the first is what an index finds its place by."""
    return Q(created_at__lte=start.created_at) & (Q(created_at__lt=start.created_at) | Q(pk__lt=start.pk))
