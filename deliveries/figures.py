"""A webhook's figures over a period: two queries, whatever it was sent."""

from dataclasses import dataclass
from datetime import datetime

from deliveries.chart import Chart, chart_of
from deliveries.engine.shares import QUICK_SHARE, share
from webhooks.figures import MONTH, Latency, Period, Rate, days
from webhooks.models import Webhook


@dataclass(frozen=True, slots=True)
class Figures:
    """What the overview shows; response times look back 30 days at most."""

    period: Period
    rate: Rate
    latency_period: Period
    latency: Latency | None
    chart: Chart
    #: How many of its deliveries each of our workers sends at once, and how many if its endpoint were quick.
    at_once: int
    at_best: int = QUICK_SHARE


def figures_of(webhook: Webhook, period: Period, *, now: datetime) -> Figures:
    """Return the figures of *webhook* over *period*, and its last 30 days as a chart."""
    measured = period if period.days else MONTH
    rate, latency = webhook.hours.filter(hour__gte=measured.since(now)).total()
    if period.days is None:
        rate = Rate(webhook.succeeded_count, webhook.failed_count)
    daily = webhook.hours.filter(hour__gte=MONTH.since(now)).daily()
    chart = chart_of(days(daily, today=now.date(), count=30))
    return Figures(period, rate, measured, latency, chart, at_once=_at_once(webhook))


def _at_once(webhook: Webhook) -> int:
    took = webhook.last_duration_ms
    return share(None if took is None else took / 1000)
