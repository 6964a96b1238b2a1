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
from deliveries.engine.duty import DutyCycle
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
GATHER = 0.05

#: How many deliveries a claim finds at most that is made beside the working thread, to be quick.
FEW = 32

#: How long the working thread claims nothing after a claim, for each delivery that it found: so many times
#: what the claim took of the processor's time. And at most, in seconds: events that come quickly are claimed
#: together, and one that comes alone is not kept waiting.
RESTS, MOST_SPACING = 4, 0.02

#: How long at most it looks through nothing that is owed after a claim that held somebody back, in seconds,
#: so that the process has leisure for what others are owed.
LONGEST_REST = 0.1

#: How long to leave a database alone that was not there, in seconds.
DATABASE_PAUSE = 0.5
DATABASE_GONE = (OperationalError, InterfaceError)


class Dispatcher:
    """
    Deliver what is due.

    Any number of threads may call run(): one of them works, another claims what is new beside it, and the
    others only leave word that there may be more. These alone talk to the database; the thread that sends
    never does, so a hanging endpoint holds a greenlet and a socket, never a connection or a lock.
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
        self._charge, self._helping = threading.Lock(), threading.Lock()
        #: What the working thread waits for: outcomes, and None for "look again".
        self._inbox: SimpleQueue[Outcome | None] = SimpleQueue()
        self._unrecorded: list[Outcome] = []
        self._gathering_since = 0.0
        self._more_due = threading.Event()
        #: Whether the last claim left something for want of room.
        self._short_of_room = False
        #: Before then, by the monotonic clock, nothing is claimed.
        self._next_claim_at = float("-inf")
        self._duty = DutyCycle(longest=LONGEST_REST)
        self._stopping = False
        #: The clock's time when the monotonic clock was zero, in seconds since 1970.
        self._epoch = 0.0

    def run(self) -> None:
        """Deliver all that is due; return when nothing is due or under way, or other threads work."""
        self._more_due.set()
        self._inbox.put(None)
        self._work_unless_another_does()
        if self._has_work and self._helping.acquire(blocking=False):
            try:
                self._help()
            finally:
                self._helping.release()
            # The working thread may have ended while this one was claiming, and knows nothing of it.
            self._work_unless_another_does()

    def stop(self) -> None:
        """Claim nothing new; what is under way ends within the sender's deadline and is recorded."""
        self._stopping = True

    def _work_unless_another_does(self) -> None:
        # Whoever finds the charge taken has left word, and whoever had it looks again after giving it up.
        while self._has_work and self._charge.acquire(blocking=False):
            try:
                self._work()
            finally:
                self._charge.release()

    def _work(self) -> None:
        while self._has_work:
            try:
                self._record()
                if time.monotonic() >= self._next_claim_at and self._duty.has_rested:
                    self._claim_and_send()
            except DATABASE_GONE as error:
                self._wait_for_database(error)
            if self._has_work:
                self._take_news()

    def _help(self) -> None:
        """Claim what has just come: the working thread may be writing outcomes, or looking through much."""
        try:
            self._claim_and_send(most=FEW, only_fresh=True)
        except DATABASE_GONE:
            # The working thread will find so too, and wait.
            connection.close()
        if self._more_due.is_set():
            # Meanwhile the working thread did not see that more is due, and may have gone to sleep.
            self._inbox.put(None)

    @property
    def _has_work(self) -> bool:
        mine = self._shares.any_under_way or self._unrecorded or not self._inbox.empty()
        return bool(mine) or (self._more_due.is_set() and not self._stopping)

    def _take_news(self) -> None:
        """Take all news there is, after waiting for some."""
        news = self._wait_for_news()
        while not self._inbox.empty():
            news.append(self._inbox.get())
        outcomes = [each for each in news if each is not None]
        for outcome in outcomes:
            self._shares.give_back(outcome.delivery.webhook_id, seconds=outcome.ended - outcome.started)
            if self._shares.is_quick(outcome.delivery.webhook_id):
                self._sending.prefer(outcome.delivery.webhook_id)
        if outcomes and self._short_of_room:
            # A webhook whose share was used may have room again.
            self._more_due.set()
        if outcomes and not self._unrecorded:
            self._gathering_since = time.monotonic()
        self._unrecorded += outcomes

    def _wait_for_news(self) -> list[Outcome | None]:
        """Look again shortly while something is to be done soon; else sleep until there is news."""
        if self._unrecorded or self._more_due.is_set() or self._sending.waiting:
            time.sleep(TICK)
            return []
        return [self._inbox.get()]

    def _record(self) -> None:
        """Write the outcomes once there are many, or the first has waited, or no more will come soon."""
        waited = time.monotonic() - self._gathering_since
        is_last = not self._shares.any_under_way and not self._more_due.is_set()
        ready = len(self._unrecorded) >= BATCH or waited >= GATHER or is_last
        if not self._unrecorded or not ready:
            return
        now, batch = self._clock(), self._unrecorded[:BATCH]
        try:
            record(batch, now=now)
        except (DataError, IntegrityError):
            record_apart(batch, now=now)
        self._unrecorded = self._unrecorded[BATCH:]

    def _claim_and_send(self, *, most: int = 2 * BATCH, only_fresh: bool = False) -> None:
        """Send what is due, as far as there is room for it."""
        room = min(most, self._room)
        if room > 0 and self._more_due.is_set() and not self._stopping:
            self._claim(room, only_fresh=only_fresh)

    @property
    def _room(self) -> int:
        """How many more deliveries may be claimed."""
        # What waits behind slow endpoints must not keep others from being claimed.
        ready = self._sending.waiting_first
        return min(2 * BATCH - ready, self._shares.free) if ready <= BATCH else 0

    def _claim(self, room: int, *, only_fresh: bool) -> None:
        now = self._clock()
        self._epoch = now.timestamp() - time.monotonic()
        # What comes due from here on may be found by this claim or not.
        self._more_due.clear()
        try:
            began = time.thread_time()
            claimed = self._claimer.claim(now=now, limit=room, shares=self._shares, only_fresh=only_fresh)
        except BaseException:
            self._more_due.set()
            raise
        if not only_fresh:
            rest = claimed.found * RESTS * (time.thread_time() - began)
            spacing = MOST_SPACING if claimed.waits else min(rest, MOST_SPACING)
            self._next_claim_at = time.monotonic() + spacing
            if claimed.waits:
                self._duty.begin()
        # Who claims what is fresh does not see how much is due.
        self._short_of_room = claimed.more or (only_fresh and self._short_of_room)
        if claimed.more and (claimed.found or claimed.waits):
            self._more_due.set()
        self._sending.put(
            claimed.leased, is_quick=lambda delivery: self._shares.is_quick(delivery.webhook_id)
        )

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
