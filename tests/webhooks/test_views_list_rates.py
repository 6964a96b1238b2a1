"""The success rates of the list."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.deliveries.portal_client import client_of, text
from tests.factories import make_hour, make_partner, make_webhook

pytestmark = pytest.mark.django_db


def test_each_webhook_shows_its_rate_over_30_days_with_its_n():
    webhook = make_webhook(succeeded_count=9999)
    make_hour(webhook=webhook, succeeded=1000, failed=20)
    make_hour(webhook=webhook, hour=timezone.now() - timedelta(days=29), succeeded=184)
    make_hour(webhook=webhook, hour=timezone.now() - timedelta(days=31), failed=500)
    page = text(client_of(webhook.partner).get("/webhooks/"))
    assert "98.3%" in page
    assert "of 1,204" in page


def test_one_without_deliveries_lately_is_not_one_without_any():
    partner = make_partner()
    make_webhook(partner=partner)
    make_webhook(partner=partner, succeeded_count=3)
    page = text(client_of(partner).get("/webhooks/"))
    assert "none yet" in page
    assert "none in 30 days" in page


@pytest.mark.parametrize("count", [1, 20])
def test_it_costs_the_same_queries_whatever_was_sent(count, django_assert_num_queries):
    partner = make_partner()
    for _ in range(count):
        make_hour(webhook=make_webhook(partner=partner), succeeded=1)
    client = client_of(partner)
    # session, user, membership, webhooks, rates
    with django_assert_num_queries(5):
        client.get("/webhooks/")
