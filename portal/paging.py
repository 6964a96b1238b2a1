"""Long tables page by page, newest first. Pages cost the same wherever they are: no offsets, no totals."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, Self, TypeVar

from django.db.models import Model, Q, QuerySet

from portal.access import get_visible
from portal.http import PortalRequest

PAGE_SIZE = 50

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Some rows; `before` is where they start and `older` where those after them do."""

    rows: list[Row]
    before: str
    older: str

    @property
    def is_paged(self) -> bool:
        return bool(self.before or self.older)

    @classmethod
    def of(cls, request: PortalRequest, rows: QuerySet[Row], *, older: Callable[[Any], Q]) -> Self:
        """
        Return the first of *rows* after the one that `?before=` names; without it, the first of all.

        *older* is the condition that those after a row fulfil, in the order of *rows*.

        Raises:
            Http404: the partner has no row that is called so.

        """
        before = request.GET.get("before", "")
        if before:
            # It need not be one of *rows*: it may have left the filter since its page was shown.
            start = get_visible(request, rows.model._base_manager.all(), public_id=before)
            rows = rows.filter(older(start))
        found = list(rows[: PAGE_SIZE + 1])
        shown = found[:PAGE_SIZE]
        following = getattr(shown[-1], "public_id", "") if len(found) > PAGE_SIZE else ""
        return cls(shown, before, following)
