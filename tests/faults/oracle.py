"""
The judge of every experiment: the endpoint's own log against the database.

Every event was delivered, or its webhook is inactive and the delivery stands in plain sight as
failed or held; what arrived twice has one id and one body; nothing succeeded without a 2xx.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass

from deliveries.causes import Cause
from deliveries.models import Delivery, Event
from tests.receiver import Received, Receiver
from tests.waiting import eventually
from webhooks.models import Webhook

Status = Delivery.Status


@dataclass(frozen=True)
class Verdict:
    """What became of all deliveries. Duplicates are requests that the database has no attempt for."""

    statuses: Counter[str]
    duplicates: int

    @property
    def all_delivered(self) -> bool:
        return set(self.statuses) == {Status.SUCCEEDED}


def judge(receiver: Receiver, *, within: float = 30) -> Verdict:
    """Wait until nothing is owed any more, and return the verdict; fail for every broken promise."""
    eventually(lambda: not Delivery.objects.filter(status=Status.PENDING).exists(), within=within)
    requests = _by_id(receiver.received())
    _every_event_has_its_deliveries()
    deliveries = list(Delivery.objects.select_related("webhook").prefetch_related("attempts"))
    for delivery in deliveries:
        _judge(delivery, requests[delivery.public_id])
    assert set(requests) <= {delivery.public_id for delivery in deliveries}, "a request for no delivery"
    duplicates = sum(len(requests[d.public_id]) - _answered_attempts(d) for d in deliveries)
    return Verdict(Counter(delivery.status for delivery in deliveries), max(duplicates, 0))


def _by_id(received: list[Received]) -> defaultdict[str, list[Received]]:
    requests: defaultdict[str, list[Received]] = defaultdict(list)
    for request in received:
        requests[request.id].append(request)
    return requests


def _every_event_has_its_deliveries() -> None:
    for event in Event.objects.all():
        # Experiments make their webhooks first, so that every event is owed to each of them.
        subscribed = [w for w in Webhook.objects.filter(partner=event.partner) if w.subscribes_to(event.type)]
        assert event.deliveries.count() == len(subscribed), f"{event} is owed to {len(subscribed)} webhooks"


def _judge(delivery: Delivery, requests: list[Received]) -> None:
    attempts = list(delivery.attempts.all())
    assert [attempt.number for attempt in attempts] == [*range(1, delivery.attempt_count + 1)], delivery
    assert len({request.body for request in requests}) <= 1, f"{delivery}: two bodies under one id"
    assert delivery.lease is None, f"{delivery} is {delivery.status} and leased"
    _PROMISES[Status(delivery.status)](delivery, requests)


def _succeeded(delivery: Delivery, requests: list[Received]) -> None:
    assert any(200 <= request.status < 300 for request in requests), f"{delivery} succeeded without a 2xx"
    assert delivery.attempts.latest("number").succeeded, delivery


def _failed(delivery: Delivery, requests: list[Received]) -> None:
    last = delivery.attempts.latest("number")
    assert last.cause, delivery
    assert last.detail, delivery
    # A fault of our own is not held against the endpoint; and the partner may have activated it since.
    is_excused = last.cause == Cause.INTERNAL or delivery.is_test
    assert is_excused or not delivery.webhook.is_active or _is_changed_since(delivery), delivery


def _is_changed_since(delivery: Delivery) -> bool:
    return delivery.finished_at is not None and delivery.webhook.updated_at > delivery.finished_at


def _held(delivery: Delivery, requests: list[Received]) -> None:
    assert not delivery.webhook.is_active, f"{delivery} is held for an active webhook"


def _canceled(delivery: Delivery, requests: list[Received]) -> None:
    assert delivery.webhook.deleted_at, f"{delivery} was given up, and nobody deleted its webhook"


_PROMISES = {
    Status.SUCCEEDED: _succeeded,
    Status.FAILED: _failed,
    Status.HELD: _held,
    Status.CANCELED: _canceled,
}


def _answered_attempts(delivery: Delivery) -> int:
    return sum(attempt.status_code is not None for attempt in delivery.attempts.all())
