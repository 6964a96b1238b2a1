"""What the migrations make of rows that were there before them."""

from datetime import UTC, datetime, timedelta
from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import connection

from deliveries.models import Delivery
from tests.factories import make_delivery, make_partner, make_webhook
from webhooks.models import WebhookHour

pytestmark = pytest.mark.django_db

migration = import_module("deliveries.migrations.0003_partner_and_resend")
editor = SimpleNamespace(
    connection=connection, execute=lambda statement: connection.cursor().execute(statement)
)

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def test_each_delivery_gets_the_partner_of_its_webhook():
    deliveries = [make_delivery(), make_delivery()]
    Delivery.objects.update(partner=make_partner())
    migration.fill_partners(apps, editor)
    partners = Delivery.objects.order_by("pk").values_list("partner", flat=True)
    assert list(partners) == [each.webhook.partner_id for each in deliveries]


def test_what_has_ended_is_counted_by_hour():
    webhook = make_webhook()
    for minutes, status in ((0, "succeeded"), (59, "failed"), (60, "succeeded")):
        make_delivery(webhook=webhook, status=status, finished_at=NOON + timedelta(minutes=minutes))
    make_delivery(webhook=webhook, status="failed", finished_at=NOON, is_test=True)
    make_delivery(webhook=webhook, status="failed", finished_at=NOON, last_cause="internal")
    for status in ("pending", "held", "canceled"):
        make_delivery(webhook=webhook, status=status)
    migration.count_hours(apps, editor)
    rows = WebhookHour.objects.order_by("hour").values_list("webhook", "hour", "succeeded", "failed")
    assert list(rows) == [(webhook.pk, NOON, 1, 1), (webhook.pk, NOON + timedelta(hours=1), 1, 0)]
