"""manage.py emit."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from deliveries.models import Delivery, Event
from tests.factories import make_partner, make_webhook
from webhooks.event_types import EventType

pytestmark = pytest.mark.django_db


def emit(*arguments: str) -> str:
    output = StringIO()
    call_command("emit", *arguments, stdout=output)
    return output.getvalue()


@pytest.mark.parametrize("event_type", EventType)
@pytest.mark.parametrize("prefix", ["verification.", ""])
def test_every_type_can_be_sent_by_its_full_and_its_short_name(event_type: EventType, prefix: str) -> None:
    make_partner(slug="northwind")
    emit(prefix + event_type.value.removeprefix("verification."), "--partner", "northwind")
    assert Event.objects.get().type == event_type


def test_the_event_is_owed_to_the_partners_webhooks() -> None:
    webhook = make_webhook(partner=make_partner(slug="northwind"))
    make_webhook()
    output = emit("completed", "--partner", "northwind")
    assert Delivery.objects.get().webhook == webhook
    assert "deliveries owed: 1" in output


def test_count_sends_that_many_different_verifications() -> None:
    make_partner(slug="northwind")
    emit("failed", "--partner", "northwind", "--count", "3")
    assert Event.objects.values("verification_id").distinct().count() == 3


def test_a_partner_without_webhooks_is_told_so() -> None:
    make_partner(slug="northwind", name="Northwind")
    output = emit("completed", "--partner", "northwind")
    assert "No webhook of Northwind wants verification.completed" in output


def test_an_unknown_partner_is_answered_with_those_there_are() -> None:
    make_partner(slug="northwind")
    make_partner(slug="acme")
    with pytest.raises(CommandError, match=r"no partner nortwind\. Choose one of: acme, northwind\."):
        emit("completed", "--partner", "nortwind")


def test_an_empty_database_is_answered_with_the_way_to_fill_it() -> None:
    with pytest.raises(CommandError, match=r"manage\.py demo"):
        emit("completed", "--partner", "northwind")


def test_an_unknown_type_is_answered_with_those_there_are() -> None:
    with pytest.raises(CommandError, match=r"no event type complete\. Choose one of: .*completed"):
        emit("complete", "--partner", "northwind")


def test_a_count_below_one_is_refused() -> None:
    make_partner(slug="northwind")
    with pytest.raises(CommandError, match="at least 1"):
        emit("completed", "--partner", "northwind", "--count", "0")
