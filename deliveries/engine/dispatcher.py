"""The loop of one process: claims, sends side by side, records in bulk."""

import logging
import threading
import time
from collections.abc import Callable
from queue import SimpleQueue

from django.db import DataError, IntegrityError, InterfaceError, OperationalError, connection

from deliveries import sender
from deliveries.causes import Cause, cause_of_status
from deliveries.engine.claim import Claimer, Leased
from deliveries.engine.clock import Clock, DatabaseClock
from deliveries.engine.record import Outcome, record, record_apart
from deliveries.engine.render import render
from deliveries.engine.sending import Sending
from deliveries.engine.shares import Shares
from webhooks.masking import without_query
from webhooks.payload_templates import TemplateError

logger = logging.getLogger(__name__)

Post = Callable[..., sender.Response]

#: Deliveries that one process has under way at once; what of it one webhook may use is in shares.py.
IN_FLIGHT = 1_600

#: How many deliveries are written together as a rule, and how few must be left ready for a new claim,
#: which then makes it twice as many.
BATCH = 128

#: How often to look at what is going on while something is, in seconds.
TICK = 0.002

#: How long outcomes may wait to be written together, in seconds: each batch costs one commit.
GATHER = 0.03

#: The least time from a claim to the next, in seconds, for each delivery that it found, and at most: events
#: that come quickly are claimed together, and one that comes alone is not kept waiting.
SPACING, MOST_SPACING = 0.0025, 0.01

#: How long to leave a database alone that was not there, in seconds.
DATABASE_PAUSE = 0.5


class Dispatcher:
    """
    Deliver what is due.

    Any number of threads may call run(): one of them works, the others only tell it that there may
    be more. The working thread alone talks to the database; sending threads never do, so a hanging
    endpoint holds a thread and a socket, never a connection or a lock.
    """

    def __init__(
        self,
        *,
        post: Post = sender.post,
        clock: Clock | None = None,
        in_flight: int = IN_FLIGHT,
        shares: Shares | None = None,
    ) -> None:
        self._post = post
        self._clock = clock or DatabaseClock()
        self._shares = shares or Shares(places=in_flight)
        self._sending = Sending(self._send)
        self._claimer = Claimer()
        self._charge = threading.Lock()
        #: What the working thread waits for: outcomes, and None for "more may be due".
        self._inbox: SimpleQueue[Outcome | None] = SimpleQueue()
        self._unrecorded: list[Outcome] = []
        self._gathering_since = 0.0
        self._more_due = False
        #: Whether the last claim left something for want of room.
        self._short_of_room = False
        #: Before then, by the monotonic clock, nothing is claimed.
        self._next_claim_at = float("-inf")
        self._stopping = False
        #: The clock's time when the monotonic clock was zero, in seconds since 1970.
        self._epoch = 0.0

    def run(self) -> None:
        """Deliver all that is due; return when nothing is due or under way, or another thread works."""
        self._inbox.put(None)
        # A thread that finds the charge taken has left its word in the inbox, and whoever had the
        # charge looks into the inbox once more after giving it up.
        while not self._inbox.empty() and self._charge.acquire(blocking=False):
            try:
                self._work()
            finally:
                self._charge.release()

    def stop(self) -> None:
        """Claim nothing new; what is under way ends within the sender's deadline and is recorded."""
        self._stopping = True

    def _work(self) -> None:
        while self._has_work:
            self._take_news()
            try:
                self._record()
                self._claim_and_send()
            except (OperationalError, InterfaceError) as error:
                self._wait_for_database(error)

    @property
    def _has_work(self) -> bool:
        mine = self._shares.any_under_way or self._unrecorded or (self._more_due and not self._stopping)
        return bool(mine) or not self._inbox.empty()

    def _take_news(self) -> None:
        """Take all news there is, after waiting for some."""
        news = self._wait_for_news()
        while not self._inbox.empty():
            news.append(self._inbox.get())
        outcomes = [each for each in news if each is not None]
        for outcome in outcomes:
            self._shares.give_back(outcome.delivery.webhook_id, seconds=outcome.ended - outcome.started)
        # A webhook whose share was used may have room again.
        self._more_due |= None in news or (bool(outcomes) and self._short_of_room)
        if outcomes and not self._unrecorded:
            self._gathering_since = time.monotonic()
        self._unrecorded += outcomes

    def _wait_for_news(self) -> list[Outcome | None]:
        """Look again shortly while something is to be done soon; else sleep until there is news."""
        if self._unrecorded or self._more_due or self._sending.waiting:
            time.sleep(TICK)
            return []
        return [self._inbox.get()]

    def _record(self) -> None:
        """Write the outcomes once there are many, or the first has waited, or no more will come soon."""
        waited = time.monotonic() - self._gathering_since
        ready = len(self._unrecorded) >= BATCH or waited >= GATHER or not self._shares.any_under_way
        if not self._unrecorded or not ready:
            return
        now = self._clock()
        try:
            record(self._unrecorded, now=now)
        except (DataError, IntegrityError):
            record_apart(self._unrecorded, now=now)
        self._unrecorded = []

    def _claim_and_send(self) -> None:
        """Send what is due, as far as there is room for it."""
        # What waits behind slow endpoints must not keep others from being claimed.
        ready = self._sending.waiting_first
        room = min(2 * BATCH - ready, self._shares.free) if ready <= BATCH else 0
        too_soon = time.monotonic() < self._next_claim_at
        if not self._more_due or self._stopping or room <= 0 or too_soon:
            return
        now = self._clock()
        self._epoch = now.timestamp() - time.monotonic()
        claimed = self._claimer.claim(now=now, limit=room, shares=self._shares)
        spacing = min(claimed.found * SPACING, MOST_SPACING)
        self._next_claim_at = time.monotonic() + spacing
        self._shares.take(delivery.webhook_id for delivery in claimed.leased)
        self._sending.put(claimed.leased, is_quick=lambda delivery: self._shares.is_quick(delivery.webhook_id))
        self._more_due = claimed.more and claimed.found > 0
        self._short_of_room = claimed.more

    def _send(self, delivery: Leased) -> None:
        # Receivers refuse what is signed minutes ago or ahead, so this machine's own time will not do.
        timestamp = int(self._epoch + time.monotonic())
        self._inbox.put(attempt(delivery, post=self._post, timestamp=timestamp))

    def _wait_for_database(self, error: Exception) -> None:
        """Keep the outcomes, and try again with a new connection."""
        logger.warning("The database did not answer (%s); trying again.", type(error).__name__)
        connection.close()
        time.sleep(DATABASE_PAUSE)


def attempt(delivery: Leased, *, post: Post, timestamp: int) -> Outcome:
    """Make one request and return what came of it, whatever that was."""
    outcome = Outcome(
        delivery=delivery, started=time.monotonic(), ended=0, url=without_query(delivery.webhook.url)
    )
    try:
        request = render(delivery, timestamp=timestamp)
        outcome.request_headers = request.logged_headers
        outcome.started = time.monotonic()
        response = post(request.url, request.headers, request.body, reuse_for=delivery.webhook_id)
        outcome.status_code, outcome.response = response.status_code, response.body
        outcome.cause = cause_of_status(response.status_code)
        outcome.detail = "" if outcome.succeeded else _refusal(response)
    except TemplateError as error:
        outcome.cause = Cause.TEMPLATE
        outcome.detail = f"The payload template does not fit this event. {error}"
    except sender.SendError as error:
        outcome.cause, outcome.detail = error.cause, error.detail
    except Exception:
        # Whatever it is, it must cost this delivery alone, and its text may hold what nobody may see.
        logger.exception("Delivery %s could not be sent.", delivery.public_id)
        outcome.cause = Cause.INTERNAL
        outcome.detail = "We could not send this request. The fault is ours; our engineers see it."
    outcome.ended = time.monotonic()
    return outcome


def _refusal(response: sender.Response) -> str:
    pointing = f" and pointed to {response.location}" if response.location else ""
    return f"Your server answered {response.status_code}{pointing}."
