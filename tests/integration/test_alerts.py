"""From a failing endpoint to a mailbox: real workers, beat and a mail server that speaks SMTP."""

from collections.abc import Iterator

import pytest

from deliveries import events
from deliveries.events import Verification
from deliveries.models import Alert, AlertMail, AlertSettings
from tests.factories import make_webhook
from tests.mailbox import Mailbox
from tests.waiting import eventually
from webhooks.event_types import EventType

Status = AlertMail.Status


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with Mailbox() as server:
        yield server


def emit(webhook, count):
    for number in range(count):
        events.record(
            partner=webhook.partner,
            event_type=EventType.COMPLETED,
            verification=Verification(verification_id=f"ver_{number}", session_id=number),
        )


def subjects(messages):
    return [(address, message["Subject"].split()[-1]) for address, message in messages]


@pytest.mark.slow
def test_an_endpoint_that_dies_under_load_is_one_mail_of_trouble_and_one_of_deactivation(
    stack, receiver, mailbox
):
    receiver.answer("/down", status=500)
    webhook = make_webhook(url=receiver.url("/down"))
    AlertSettings.objects.create(partner=webhook.partner, addresses=["ops@x.example", "gone@x.example"])
    mailbox.unknown.add("gone@x.example")
    for _ in range(2):
        stack.worker(EMAIL_URL=mailbox.url)
    stack.beat()
    emit(webhook, 100)
    mailbox.wait_for(2, within=60)
    assert subjects(mailbox.messages) == [("ops@x.example", "failing"), ("ops@x.example", "deactivated")]
    eventually(lambda: not AlertMail.objects.filter(status=Status.PENDING).exists())
    assert sorted(AlertMail.objects.values_list("address", "status")) == [
        *[("gone@x.example", Status.FAILED)] * 2,
        *[("ops@x.example", Status.SENT)] * 2,
    ]
    kinds = list(Alert.objects.order_by("pk").values_list("kind", flat=True))
    assert kinds == [Alert.Kind.TROUBLE, Alert.Kind.DEACTIVATED]


def test_while_mail_is_down_deliveries_go_on_and_when_it_is_back_people_hear(stack, receiver, mailbox):
    mailbox.is_down = True
    dead, alive = make_webhook(), make_webhook(url=receiver.url())
    AlertSettings.objects.create(partner=dead.partner, addresses=["ops@x.example"])
    dead.deactivate(reason="Your server answered 503.")
    stack.worker(EMAIL_URL=mailbox.url)
    stack.beat()
    eventually(lambda: AlertMail.objects.filter(attempt_count=1, lease=None).exists(), within=20)
    emit(alive, 20)
    receiver.wait_for(20)
    mailbox.is_down = False
    AlertMail.objects.update(next_attempt_at=Alert.objects.get().created_at)  # its wait is over
    [(address, message)] = mailbox.wait_for(1)
    assert address == message["To"] == "ops@x.example"
    assert message.get_body(("html",)) is not None
    eventually(lambda: AlertMail.objects.get().status == Status.SENT)
