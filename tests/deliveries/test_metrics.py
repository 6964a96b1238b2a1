"""What monitoring reads."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from deliveries.models import Delivery
from tests.factories import make_delivery, make_webhook

pytestmark = pytest.mark.django_db

TOKEN = "a-long-random-text"


@pytest.fixture(autouse=True)
def token(settings):
    settings.METRICS_TOKEN = TOKEN


def get(token=TOKEN):
    return Client().get("/metrics/", headers={"Authorization": f"Bearer {token}"})


def figures():
    families = text_string_to_metric_families(get().content.decode())
    samples = [sample for family in families for sample in family.samples]
    return {(sample.name, *sample.labels.values()): sample.value for sample in samples}


def test_it_says_how_much_waits_and_for_how_long():
    make_delivery(next_attempt_at=timezone.now() - timedelta(seconds=40))
    make_delivery(next_attempt_at=timezone.now() + timedelta(seconds=40))
    make_delivery(status=Delivery.Status.HELD)
    found = figures()
    assert found["webhook_deliveries_due",] == 1
    assert found["webhook_oldest_due_seconds",] == pytest.approx(40, abs=5)


def test_it_says_how_deliveries_ended():
    make_webhook(succeeded_count=5, failed_count=1)
    make_webhook(succeeded_count=2, is_active=False, deactivated_at=timezone.now())
    found = figures()
    assert found["webhook_deliveries_ended", "succeeded"] == 7
    assert found["webhook_deliveries_ended", "failed"] == 1
    assert found["webhook_deactivated",] == 1


def test_nothing_yet_is_nought():
    assert set(figures().values()) == {0}


def test_it_names_no_partner_and_no_webhook():
    delivery = make_delivery()
    page = get().content.decode()
    for name in (delivery.partner.name, delivery.webhook.host, delivery.public_id):
        assert name not in page


def test_it_costs_the_same_queries_whatever_there_is(django_assert_num_queries):
    for _ in range(3):
        make_delivery()
        with django_assert_num_queries(5):
            get()


@pytest.mark.parametrize("wrong", ["", "other", "é"])
def test_without_the_token_there_is_no_such_page(wrong):
    assert get(wrong).status_code == 404


def test_without_a_setting_no_token_is_the_right_one(settings):
    settings.METRICS_TOKEN = ""
    assert get("").status_code == 404
