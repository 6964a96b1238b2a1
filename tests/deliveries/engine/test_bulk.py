import uuid
from datetime import UTC, datetime

import pytest
from django.db import connection

from deliveries.engine.bulk import adding, execute, inserting, locked_rows, update_rows, updating
from deliveries.models import Attempt, Delivery
from tests.factories import make_delivery, make_webhook
from webhooks.models import Webhook, WebhookHour

pytestmark = pytest.mark.django_db

LATER = datetime(2026, 11, 23, 12, 30, 15, 123456, tzinfo=UTC)


def test_each_row_gets_its_own_values():
    first, second, untouched = make_delivery(), make_delivery(), make_delivery()
    lease = uuid.uuid4()
    fields = ("attempt_count", "next_attempt_at", "lease", "last_cause", "last_status_code")
    update_rows(
        Delivery, fields, [(first.pk, 1, LATER, lease, "", None), (second.pk, 2, LATER, None, "dns", 503)]
    )
    rows = list(Delivery.objects.order_by("pk").values_list("pk", *fields))
    assert rows[0] == (first.pk, 1, LATER, lease, "", None)
    assert rows[1] == (second.pk, 2, LATER, None, "dns", 503)
    assert rows[2] == (untouched.pk, 0, untouched.next_attempt_at, None, "", None)


def test_a_column_of_nothing_but_nulls_is_written():
    webhook = make_webhook(last_attempt_at=LATER, last_duration_ms=5)
    update_rows(Webhook, ("last_attempt_at", "last_duration_ms"), [(webhook.pk, None, None)])
    webhook.refresh_from_db()
    assert (webhook.last_attempt_at, webhook.last_duration_ms) == (None, None)


def test_no_rows_cost_no_query(django_assert_num_queries):
    with django_assert_num_queries(0):
        update_rows(Delivery, ("attempt_count",), [])


def test_many_rows_cost_one_query(django_assert_num_queries):
    rows = [make_delivery(webhook=make_webhook()) for _ in range(3)]
    with django_assert_num_queries(1):
        update_rows(Delivery, ("attempt_count",), [(row.pk, 7) for row in rows])
    assert set(Delivery.objects.values_list("attempt_count", flat=True)) == {7}


def test_rows_that_do_not_match_the_key_are_left_alone():
    ours, theirs = make_delivery(lease=uuid.uuid4()), make_delivery(lease=uuid.uuid4())
    rows = [(ours.pk, ours.lease, 5), (theirs.pk, uuid.uuid4(), 5)]
    assert update_rows(Delivery, ("attempt_count",), rows, key=("id", "lease"), clear=("lease",)) == {ours.pk}
    ours.refresh_from_db()
    theirs.refresh_from_db()
    assert (ours.attempt_count, ours.lease) == (5, None)
    assert (theirs.attempt_count, theirs.lease is None) == (0, False)


def test_inserted_rows_read_back_as_django_would_write_them():
    delivery = make_delivery()
    fields = (
        "delivery",
        "number",
        "started_at",
        "duration_ms",
        "url",
        "request_headers",
        "detail",
        "response",
    )
    headers = {"X-Key": "••••", "Accept": 'a "b" c'}
    token = Attempt._meta.get_field("response").encrypt("{}", owner=delivery.pk)
    row = (delivery.pk, 1, LATER, 84, "https://a.example.org/", headers, "It's\n“so”", token)
    execute(inserting(Attempt, (*fields, "cause"), [(*row, "")]))
    attempt = Attempt.objects.get()
    assert tuple(getattr(attempt, name) for name in fields) == (delivery, *row[1:7], "{}")
    assert Attempt.objects.filter(started_at=LATER, request_headers__Accept='a "b" c').exists()


def test_counts_are_added_to_what_is_there_and_begun_where_nothing_is():
    first, second = make_webhook(), make_webhook()
    for failed in (1, 2):
        rows = [(first.pk, LATER, 5, failed), (second.pk, LATER, 0, failed)][:failed]
        execute(adding(WebhookHour, ("succeeded", "failed"), rows, key=("webhook", "hour")))
    counts = WebhookHour.objects.order_by("webhook").values_list("webhook", "hour", "succeeded", "failed")
    assert list(counts) == [(first.pk, LATER, 10, 3), (second.pk, LATER, 0, 2)]


def test_rows_are_locked_and_read_in_the_order_of_their_ids():
    first, second, _ = (make_webhook(is_active=active) for active in (True, False, True))
    rows = locked_rows(Webhook, ("id", "is_active"), [second.pk, first.pk])
    assert rows == [(first.pk, True), (second.pk, False)]


def test_statements_together_cost_one_query_where_the_database_can(django_assert_num_queries):
    webhook, delivery = make_webhook(), make_delivery()
    statements = (
        updating(Webhook, ("outcomes",), [(webhook.pk, "S")]),
        updating(Delivery, ("attempt_count",), []),
        updating(Delivery, ("attempt_count",), [(delivery.pk, 3)]),
    )
    with django_assert_num_queries(1 if connection.vendor == "postgresql" else 2):
        assert execute(*statements) == [(webhook.pk,)]
    assert Webhook.objects.get(pk=webhook.pk).outcomes == "S"
    assert Delivery.objects.get().attempt_count == 3
