"""Administration of events, deliveries and attempts."""

import pytest
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext

from deliveries.models import Attempt, Delivery, Event
from portal.admin import History
from tests.admin import opened, queries, refused, url_of
from tests.factories import make_attempt, make_delivery, make_event, make_webhook
from webhooks.event_types import EventType

pytestmark = pytest.mark.django_db

CANARY = "canary-7f3a"
MODELS = [Event, Delivery, Attempt]


def make_canary() -> Attempt:
    webhook = make_webhook(url=f"https://hooks.northwind.com/in?token={CANARY}", secret=f"whsec_{CANARY}")
    event = make_event(partner=webhook.partner, body=f'{{"income":"{CANARY}"}}', verification_id="ver_found")
    delivery = make_delivery(webhook=webhook, event=event, status="succeeded")
    headers = {"X-Api-Key": CANARY}
    return make_attempt(delivery=delivery, response=f"thanks for {CANARY}", request_headers=headers)


def row_of(model: type[Model], attempt: Attempt) -> Model:
    return {Event: attempt.delivery.event, Delivery: attempt.delivery}.get(model, attempt)


@pytest.mark.parametrize("model", MODELS)
def test_every_page_opens_and_shows_nothing_personal(admin_client: Client, model: type[Model]) -> None:
    row = row_of(model, make_canary())
    pages = [
        opened(admin_client, url_of(model, "changelist")),
        opened(admin_client, url_of(model, "change", row.pk)),
        opened(admin_client, url_of(model, "history", row.pk)),
    ]
    assert not any(CANARY in page for page in pages)
    assert str(row) in pages[1]


@pytest.mark.parametrize("model", MODELS)
def test_no_encrypted_column_is_even_read(admin_client: Client, model: type[Model]) -> None:
    row = row_of(model, make_canary())
    with CaptureQueriesContext(connection) as asked:
        opened(admin_client, url_of(model, "changelist"))
    assert not any(
        f'"{column}"' in query["sql"]
        for query in asked
        for column in ("body", "secret", "response", "request_headers")
    )
    assert url_of(model, "change", row.pk) in opened(admin_client, url_of(model, "changelist"))


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("page", ["add", "change", "delete"])
def test_history_is_not_changed(admin_client: Client, model: type[Model], page: str) -> None:
    row = row_of(model, make_canary())
    url = url_of(model, page) if page == "add" else url_of(model, page, row.pk)
    assert refused(admin_client, url, "POST")
    assert model.objects.filter(pk=row.pk).exists()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("model", "field"),
    [
        (Event, "public_id"),
        (Event, "verification_id"),
        (Delivery, "public_id"),
        (Delivery, "event.public_id"),
        (Delivery, "webhook.public_id"),
        (Delivery, "event.verification_id"),
        (Attempt, "delivery.public_id"),
    ],
)
def test_searching_finds_by_whole_ids(admin_client: Client, model: type[Model], field: str) -> None:
    found, other = row_of(model, make_canary()), row_of(model, make_attempt())
    term: object = found
    for name in field.split("."):
        term = getattr(term, name)
    page = opened(admin_client, url_of(model, "changelist"), {"q": f" {term} "})
    assert url_of(model, "change", found.pk) in page
    assert url_of(model, "change", other.pk) not in page


@pytest.mark.parametrize("model", MODELS)
def test_searching_for_anything_else_finds_nothing(admin_client: Client, model: type[Model]) -> None:
    row = row_of(model, make_canary())
    for words in ("canary", "wh_unknown", "ver", "a b", "%", "_"):
        page = opened(admin_client, url_of(model, "changelist"), {"q": words})
        assert url_of(model, "change", row.pk) not in page


@pytest.mark.parametrize(
    ("model", "query"),
    [
        (Event, {"type__exact": "verification.completed"}),
        (Delivery, {"status__exact": "succeeded"}),
        (Delivery, {"is_test__exact": "0"}),
        (Attempt, {"cause": "status"}),
    ],
)
def test_filters_leave_out_the_rest(admin_client: Client, model: type[Model], query: dict[str, str]) -> None:
    kept = row_of(model, make_attempt(delivery=make_delivery(status="succeeded"), status_code=500))
    event = make_event(event_type=EventType.FAILED, is_test=True)
    left_out = row_of(model, make_attempt(delivery=make_delivery(event=event, is_test=True)))
    page = opened(admin_client, url_of(model, "changelist"), query)
    assert url_of(model, "change", kept.pk) in page
    assert (url_of(model, "change", left_out.pk) in page) is False


@pytest.mark.parametrize("model", MODELS)
def test_a_list_costs_the_same_however_long_it_is(admin_client: Client, model: type[Model]) -> None:
    make_attempt()
    before = queries(admin_client, url_of(model, "changelist"))
    for _ in range(5):
        make_attempt()
    assert queries(admin_client, url_of(model, "changelist")) == before


def test_a_delivery_costs_the_same_however_many_attempts_it_has(admin_client: Client) -> None:
    delivery = make_attempt().delivery
    page = url_of(Delivery, "change", delivery.pk)
    before = queries(admin_client, page)
    for _ in range(4):
        make_attempt(delivery=delivery)
    assert queries(admin_client, page) == before


@pytest.mark.parametrize("model", MODELS)
def test_no_list_counts_or_sorts_a_whole_table(
    admin_client: Client, model: type[Model], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(History, "list_per_page", 1)
    for _ in range(3):
        make_attempt()
    with CaptureQueriesContext(connection) as asked:
        opened(admin_client, url_of(model, "changelist"), {"o": "2"})
    table = model._meta.db_table
    about = [query["sql"] for query in asked if f'FROM "{table}"' in query["sql"]]
    assert about
    assert all("LIMIT" in sql for sql in about)
    assert all(f'ORDER BY "{table}"."id" DESC' in sql for sql in about if "COUNT" not in sql), about
