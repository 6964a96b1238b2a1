"""What one process keeps of webhooks while they do not change: where to send, how to sign, which headers."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from deliveries.engine.bulk import document_of, table_of
from webhooks.models import Webhook, WebhookHeader

if TYPE_CHECKING:
    from django.db.models.query import RawQuerySet

#: Webhooks that one process keeps in memory.
MOST = 10_000


class Configurations:
    """The webhooks that were asked for lately, with their headers."""

    def __init__(self) -> None:
        self._known: dict[int, Webhook] = {}

    def of(self, versions: Mapping[int, datetime]) -> Mapping[int, Webhook]:
        """Return the webhooks by id, read anew where `updated_at` says that they have changed."""
        known = {
            key: self._known[key]
            for key, version in versions.items()
            if key in self._known and self._known[key].updated_at == version
        }
        if changed := versions.keys() - known.keys():
            known |= _read(changed)
            if len(self._known) > MOST:
                # Another thread may be looking into it.
                self._known = {}
            self._known |= known
        return known


def _read(keys: Collection[int]) -> dict[int, Webhook]:
    """Return them by id. Putting Django's queries together, with a prefetch, took four times as long."""
    webhooks: dict[int, Webhook] = {webhook.pk: webhook for webhook in _rows(Webhook, "id", keys)}
    headers = defaultdict(list)
    # After the webhooks: who changes a header changes its webhook's version, which tells the next look.
    for header in _rows(WebhookHeader, "webhook_id", keys):
        headers[header.webhook_id].append(header)
    for key, webhook in webhooks.items():
        webhook.headers_at_hand = headers[key]
    return webhooks


def _rows(model: Any, column: str, keys: Collection[int]) -> "RawQuerySet[Any]":
    wanted = table_of(Webhook, ("id",))
    rows: RawQuerySet[Any] = model.objects.raw(
        f"SELECT * FROM {model._meta.db_table} WHERE {column} IN {wanted} ORDER BY id",
        [document_of([(key,) for key in keys])],
    )
    return rows
