"""A webhook's figures over a period: two queries, whatever it was sent."""

from dataclasses import dataclass
from datetime import datetime

from deliveries.chart import Chart, chart_of
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


def figures_of(webhook: Webhook, period: Period, *, now: datetime) -> Figures:
    """Return the figures of *webhook* over *period*, and its last 30 days as a chart."""
    measured = period if period.days else MONTH
    rate, latency = webhook.hours.filter(hour__gte=measured.since(now)).total()
    if period.days is None:
        rate = Rate(webhook.succeeded_count, webhook.failed_count)
    daily = webhook.hours.filter(hour__gte=MONTH.since(now)).daily()
    return Figures(period, rate, measured, latency, chart_of(days(daily, today=now.date(), count=30)))
