"""
A webhook that is tried before it is saved.

The sample goes out from the web process itself: the queue holds what is owed to stored webhooks, and
nothing of a trial is stored. It is bounded as every request is, in time by the sender, and in number
here, so that slow endpoints leave the pages their threads.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import uuid4

from deliveries import sender
from deliveries.engine import bodies
from deliveries.engine.claim import Leased
from deliveries.engine.clock import database_now
from deliveries.engine.dispatcher import attempt
from deliveries.engine.record import Outcome
from deliveries.events import sample_body
from deliveries.models import Event
from portal.ids import new_id
from webhooks.event_types import EventType
from webhooks.models import Webhook

#: How many trials one web process makes side by side; it has 8 threads.
MOST_AT_ONCE = 3

_room = threading.BoundedSemaphore(MOST_AT_ONCE)


class BusyError(Exception):
    """As many trials are under way as there may be."""


@dataclass(slots=True)
class Trial:
    """What came of it, and how long each phase took in milliseconds, as far as it got."""

    outcome: Outcome
    phases: Mapping[sender.Phase, int] = field(default_factory=dict)


def try_out(webhook: Webhook, headers: dict[str, str], *, event_type: EventType) -> Trial:
    """
    Send a sample to *webhook*, which need not be stored, with *headers* as its own.

    Raises:
        BusyError: as many trials are under way as there may be.

    """
    webhook.own_headers = headers
    if not _room.acquire(blocking=False):
        raise BusyError
    try:
        return _send(_delivery(webhook, event_type))
    finally:
        _room.release()


def _delivery(webhook: Webhook, event_type: EventType) -> Leased:
    event = Event(body=sample_body(event_type, verification_id=new_id("test")))
    delivery = Leased(
        pk=0,
        public_id=new_id("msg"),
        is_test=True,
        attempt_count=0,
        round_start=0,
        webhook_id=0,
        event=event,
        webhook=webhook,
        lease=uuid4(),
    )
    if webhook.payload_template:
        bodies.make(delivery)
    return delivery


def _send(delivery: Leased) -> Trial:
    phases: dict[sender.Phase, int] = {}

    def post(url: str, headers: Mapping[str, str], body: bytes, **_: object) -> sender.Response:
        # On a connection of its own: those that are kept belong to stored webhooks.
        try:
            response = sender.post(url, headers, body)
        except sender.SendError as error:
            phases.update(error.phases)
            raise
        phases.update(response.phases)
        return response

    outcome = attempt(delivery, post=post, timestamp=int(database_now().timestamp()))
    return Trial(outcome, phases)
