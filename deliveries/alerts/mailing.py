"""
E-mails of alerts, from the database to the mail server.

The engine's ways on a small scale: a row is claimed with a lease, sent while no transaction is open, and
only that lease may write what came of it. A mail server that is gone delays e-mail for up to a day and
nothing else: one thread a process deals with it, and gives up the round at the first failure that is not
the address's own. Where a process dies between the server's word and the record, the same e-mail goes
out twice, with one Message-ID.
"""

import logging
import threading
from datetime import datetime, timedelta
from smtplib import SMTPRecipientsRefused
from uuid import uuid4

from django.db import transaction

from deliveries.alerts import addressing
from deliveries.alerts.letters import letter_of
from deliveries.alerts.messages import message
from deliveries.alerts.models import Alert, AlertMail, AlertMailQuerySet
from deliveries.engine.clock import Clock, database_now

logger = logging.getLogger(__name__)

Status = AlertMail.Status

#: Longer than a mail server can keep us, with settings.EMAIL_TIMEOUT at each of its steps.
LEASE = timedelta(minutes=5)

#: The most that one sweep sends: a worker that is told to stop waits for the end of it.
ROUND = 100

#: An alert that is a day old helps nobody; the portal says whom it did not reach.
GIVE_UP = timedelta(hours=24)

#: The first wait after a failed attempt, which doubles up to the last.
FIRST_WAIT, LAST_WAIT = timedelta(minutes=1), timedelta(minutes=30)

#: What a mail server answers when there is no such mailbox, so that waiting would not help.
NO_MAILBOX = (550, 551, 553)

REFUSED = "The mail server of this address says that there is no such mailbox."
NOT_TAKEN = "No mail server took it."

_turn = threading.Lock()


def mail_alerts(clock: Clock = database_now) -> None:
    """
    Address what is new and send what is due.

    While a thread of this process does so the others do nothing: they are there for deliveries.
    """
    if _turn.acquire(blocking=False):
        try:
            addressing.address_new(now=clock())
            _send_due(clock)
        finally:
            _turn.release()


def wait_after(attempts: int) -> timedelta:
    """Return how long to leave a mail server alone after so many failed attempts. Pure."""
    doubled = FIRST_WAIT * (1 << min(attempts - 1, 10))
    return min(doubled, LAST_WAIT)


def _send_due(clock: Clock) -> None:
    for _ in range(ROUND):
        mail = _claim(now=clock())
        if mail is None or not _send(mail, clock):
            break


def _send(mail: AlertMail, clock: Clock) -> bool:
    """Send it, or write down why not; return whether the mail server is there for more."""
    if _is_overtaken(mail):
        _end(mail, Status.WITHDRAWN, now=clock())
        return True
    try:
        message(mail, letter_of(mail.alert)).send()
    except SMTPRecipientsRefused as error:
        _refused(mail, error, now=clock())
    except Exception as error:  # noqa: BLE001 - whatever it is costs time, never an alert or a delivery
        _later(mail, error, now=clock())
        return False
    else:
        _end(mail, Status.SENT, now=clock())
    return True


@transaction.atomic
def _claim(*, now: datetime) -> AlertMail | None:
    """Lease the e-mail that has been due for longest; those that others are claiming are skipped."""
    due = AlertMail.objects.due(now).order_by("next_attempt_at", "pk")
    mail = due.select_for_update(skip_locked=True, of=("self",), no_key=True).first()
    if mail is None:
        return None
    mail.lease, mail.next_attempt_at = uuid4(), now + LEASE
    mail.attempt_count += 1
    mail.save(update_fields=["lease", "next_attempt_at", "attempt_count"])
    return mail


def _is_overtaken(mail: AlertMail) -> bool:
    """Whether more has happened than it would tell: the webhook was deactivated, or deleted."""
    alert, webhook = mail.alert, mail.alert.webhook
    if webhook is None:
        return False
    was_deactivated = alert.kind == Alert.Kind.TROUBLE and webhook.deactivated_at is not None
    return was_deactivated or webhook.deleted_at is not None


def _refused(mail: AlertMail, error: SMTPRecipientsRefused, *, now: datetime) -> None:
    codes = {code for code, _ in error.recipients.values()}
    if codes & set(NO_MAILBOX):
        _end(mail, Status.FAILED, now=now, problem=REFUSED)
    else:
        _later(mail, error, now=now)


def _later(mail: AlertMail, error: Exception, *, now: datetime) -> None:
    # Not the server's own words: they may name people.
    name, is_ours = type(error).__name__, not isinstance(error, OSError)
    logger.warning("Alert %s could not be e-mailed (%s).", mail.alert.public_id, name, exc_info=is_ours)
    if now - mail.alert.created_at >= GIVE_UP:
        _end(mail, Status.FAILED, now=now, problem=NOT_TAKEN)
    else:
        due = now + wait_after(mail.attempt_count)
        _mine(mail).update(next_attempt_at=due, lease=None, problem=NOT_TAKEN)


def _end(mail: AlertMail, status: Status, *, now: datetime, problem: str = "") -> None:
    _mine(mail).update(status=status, ended_at=now, next_attempt_at=None, lease=None, problem=problem)


def _mine(mail: AlertMail) -> AlertMailQuerySet:
    return AlertMail.objects.filter(pk=mail.pk, lease=mail.lease)
