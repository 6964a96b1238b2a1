"""
What an operator's monitoring reads: how much waits, for how long, and how it ends.

Everything comes from the database, so any web process tells the same, and at the same cost however much
there is. No figure is of one partner: who may read metrics need not know who our partners are.
"""

import hmac
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.db.models import Min, QuerySet, Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from deliveries.models import AlertMail, Delivery
from webhooks.models import Webhook

#: Counting stops here: more is as alarming.
MOST = 10_000


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Tell what :class:`Figures` finds to whoever has METRICS_TOKEN; to others there is no such page."""
    given, token = request.headers.get("Authorization", ""), settings.METRICS_TOKEN
    if not token or not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
        raise Http404("METRICS_TOKEN is not set, or was not given.")
    registry = CollectorRegistry()
    registry.register(Figures())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


class Figures(Collector):
    """Reads the figures when it is asked, in Prometheus's words."""

    def describe(self) -> list[Metric]:
        """Name nothing beforehand: that would ask the database twice."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Yield each figure."""
        now = timezone.now()
        due = Delivery.objects.due(now)
        yield _gauge("webhook_deliveries_due", f"Due and not being sent; at most {MOST}.", _count(due))
        oldest = due.aggregate(oldest=Min("next_attempt_at"))["oldest"]
        waited = (now - oldest).total_seconds() if oldest else 0
        yield _gauge(
            "webhook_oldest_due_seconds",
            "How long the longest has been due: above 30, no worker works.",
            waited,
        )
        yield from _ended()
        deactivated = Webhook.objects.live().exclude(deactivated_at=None).count()
        yield _gauge("webhook_deactivated", "Webhooks that failures have deactivated.", deactivated)
        waiting = AlertMail.objects.filter(status=AlertMail.Status.PENDING)
        yield _gauge(
            "webhook_alert_mails_pending", "E-mails to partners that have yet to leave.", _count(waiting)
        )


def _ended() -> Iterator[Metric]:
    ended = Webhook.objects.aggregate(
        succeeded=Sum("succeeded_count", default=0), failed=Sum("failed_count", default=0)
    )
    family = GaugeMetricFamily(
        "webhook_deliveries_ended", "Deliveries by how they ended, tests left out.", labels=["outcome"]
    )
    for outcome, count in ended.items():
        family.add_metric([outcome], count)
    yield family


def _gauge(name: str, words: str, value: float) -> Metric:
    return GaugeMetricFamily(name, words, value=value)


def _count(rows: QuerySet[Any]) -> int:
    return rows[:MOST].count()
