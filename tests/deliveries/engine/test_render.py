"""Which secrets sign a request, by the time that it is signed at."""

import hashlib
import hmac
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone
from standardwebhooks import Webhook as Library

from deliveries import trials
from deliveries.engine.claim import Leased
from deliveries.engine.dispatcher import Dispatcher
from deliveries.engine.render import render
from deliveries.events import record_test
from deliveries.models import Event
from deliveries.sender import Response
from tests.factories import make_delivery, make_webhook
from webhooks.event_types import EventType
from webhooks.models import Webhook
from webhooks.rolling import Overlap, Secrets
from webhooks.secret_keys import standard_key

END = datetime(2026, 5, 3, 10, 0, tzinfo=UTC)
BODY = '{"type":"verification.completed"}'
HOUR = timedelta(hours=1)


def rolled_webhook(**fields):
    return Webhook(url="https://hooks.northwind.com/", secret="new", previous_secret="old", **fields)


def signed_by(headers, body):
    """Return which of "old" and "new" made the documented signature, and which those of Standard Webhooks."""
    documented = [
        secret
        for secret in ("new", "old")
        if hmac.new(secret.encode(), body, hashlib.sha256).hexdigest() == headers["x-webhook-signature"]
    ]
    at = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
    made = {
        Library(standard_key(s)).sign(headers["webhook-id"], at, body.decode()): s for s in ("new", "old")
    }
    return documented, [made[each] for each in headers["webhook-signature"].split()]


def signers(webhook, at):
    webhook.own_headers = {}
    delivery = Leased(1, "msg_1", False, 0, 0, 1, Event(body=BODY), webhook, uuid.uuid4())
    request = render(delivery, timestamp=int(at.timestamp()))
    return signed_by(request.headers, request.body)


@pytest.mark.parametrize(
    ("at", "documented", "standard"),
    [
        (END - 24 * HOUR, ["old"], ["new", "old"]),
        (END - timedelta(seconds=1), ["old"], ["new", "old"]),
        (END, ["new"], ["new"]),
        (END + 24 * HOUR, ["new"], ["new"]),
    ],
)
def test_the_old_secret_signs_until_its_time_though_nothing_swept_it_up(at, documented, standard):
    webhook = rolled_webhook(previous_secret_expires_at=END)
    assert signers(webhook, at) == (documented, standard)


def test_an_old_secret_without_an_end_signs_nothing():
    assert signers(rolled_webhook(), END) == (["new"], ["new"])


def test_a_secret_that_was_never_rolled_signs_alone():
    assert signers(Webhook(url="https://hooks.northwind.com/", secret="new"), END) == (["new"], ["new"])


# --- The same wherever we send from -----------------------------------------------------------------


class Endpoint:
    def __init__(self):
        self.signers = []

    def __call__(self, _, headers, body, **__):
        self.signers.append(signed_by(headers, body))
        return Response(200, "")


BOTH, ONLY_NEW = (["old"], ["new", "old"]), (["new"], ["new"])


def by_the_engine(webhook, post):
    make_delivery(webhook=webhook)
    Dispatcher(post=post, in_flight=4).run()


def by_a_test(webhook, post):
    record_test(webhook=webhook, event_type=EventType.COMPLETED)
    Dispatcher(post=post, in_flight=4).run()


def by_a_trial(webhook, post):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("deliveries.sender.post", post)
        trials.try_out(webhook, {}, event_type=EventType.COMPLETED)


@pytest.mark.django_db
@pytest.mark.parametrize("send", [by_the_engine, by_a_test, by_a_trial])
@pytest.mark.parametrize(("ends_in", "signers"), [(HOUR, BOTH), (-HOUR, ONLY_NEW)])
def test_an_overlap_is_heeded_wherever_we_send_from(send, ends_in, signers):
    endpoint, ends_at = Endpoint(), timezone.now() + ends_in
    send(make_webhook(secret="new", previous_secret="old", previous_secret_expires_at=ends_at), endpoint)
    assert endpoint.signers == [signers]


@pytest.mark.django_db
def test_a_worker_that_has_the_webhook_in_memory_signs_as_it_is_now():
    webhook, endpoint = make_webhook(secret="old"), Endpoint()
    dispatcher = Dispatcher(post=endpoint, in_flight=4)

    def deliver():
        make_delivery(webhook=webhook)
        dispatcher.run()

    deliver()
    webhook.signing_secrets = Secrets("old").rolled(to="new", overlap=Overlap.DAY, at=timezone.now())
    webhook.save_secrets()
    deliver()
    webhook.signing_secrets = webhook.signing_secrets.overlap_ended()
    webhook.save_secrets()
    deliver()
    assert endpoint.signers == [(["old"], ["old"]), BOTH, ONLY_NEW]
