"""Alerts are kept as long as the log that they lead to: their addresses are people's."""

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from deliveries.alerts.models import Alert, AlertMail


def forget_old(*, batch: int = 500) -> int:
    """Delete alerts older than LOG_RETENTION_DAYS with their e-mails, and say how many alerts."""
    old = Alert.objects.filter(created_at__lt=timezone.now() - timedelta(days=settings.LOG_RETENTION_DAYS))
    total = 0
    while keys := list(old.order_by("created_at").values_list("pk", flat=True)[:batch]):
        AlertMail.objects.filter(alert__in=keys).delete()
        total += Alert.objects.filter(pk__in=keys).delete()[0]
    return total
