from datetime import timedelta

import pytest
from django.utils import timezone

from deliveries.alerts.forgetting import forget_old
from deliveries.models import Alert, AlertMail
from tests.factories import make_alert, make_alert_mail

pytestmark = pytest.mark.django_db


def test_alerts_go_with_their_addresses_when_the_log_goes(settings):
    settings.LOG_RETENTION_DAYS = 90
    old = [make_alert(created_at=timezone.now() - timedelta(days=91)) for _ in range(3)]
    kept = make_alert(created_at=timezone.now() - timedelta(days=89))
    for alert in (*old, kept):
        make_alert_mail(alert=alert)
    assert forget_old(batch=2) == 3
    assert list(Alert.objects.all()) == [kept]
    assert AlertMail.objects.get().alert == kept
