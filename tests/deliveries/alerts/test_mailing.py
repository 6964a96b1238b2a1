"""From the database to the mail server: once, later, or not at all, and always to be seen."""

import logging
import threading
from datetime import timedelta
from smtplib import SMTPRecipientsRefused, SMTPServerDisconnected
from typing import Any

import pytest
from django.core import mail as django_mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from deliveries.alerts import mailing
from deliveries.alerts.mailing import FIRST_WAIT, GIVE_UP, LAST_WAIT, LEASE, mail_alerts, wait_after
from deliveries.models import Alert, AlertMail
from tests.factories import make_alert, make_alert_mail, make_member, make_partner, make_webhook

pytestmark = pytest.mark.django_db

NOW = timezone.now()
Status = AlertMail.Status


class MailServer(EmailBackend):
    """A mail server that takes everything, or does as `answers` say, one for each e-mail."""

    answers: list[Exception | None]

    def send_messages(self, messages: Any) -> int:
        for message in messages:
            answer = self.answers.pop(0) if self.answers else None
            if answer is not None:
                raise answer
            super().send_messages([message])
        return len(messages)


@pytest.fixture
def server(settings, monkeypatch):
    monkeypatch.setattr(MailServer, "answers", [], raising=False)
    settings.EMAIL_BACKEND = f"{__name__}.MailServer"
    return MailServer


@pytest.fixture
def alert():
    """An alert about a webhook that is inactive, whose e-mails are written."""
    webhook = make_webhook(url="https://hooks.northwind.com/")
    webhook.deactivate(reason="Your server answered 503.")
    alert = webhook.alerts.get()
    Alert.objects.update(addressed_at=NOW)
    return alert


def at(moment):
    """Send what is due at *moment*; return to whom."""
    before = len(django_mail.outbox)
    mail_alerts(clock=lambda: moment)
    return [message.to[0] for message in django_mail.outbox[before:]]


def refused(address, code):
    return SMTPRecipientsRefused({address: (code, b"secret words of the server")})


def test_every_owner_is_told_of_a_deactivation_one_message_each():
    webhook = make_webhook()
    users = [make_member(partner=webhook.partner).user for _ in range(3)]
    webhook.deactivate(reason="Your server answered 503.")
    assert at(NOW) == [user.email for user in users]
    assert all(message.recipients() == message.to for message in django_mail.outbox)
    assert at(NOW) == []
    assert set(AlertMail.objects.values_list("status", flat=True)) == {Status.SENT}


def test_an_outage_delays_and_loses_nothing(server, alert):
    for name in "ab":
        make_alert_mail(alert=alert, address=f"{name}@example.com", next_attempt_at=NOW)
    server.answers[:] = [ConnectionRefusedError()]
    assert at(NOW) == []
    first = AlertMail.objects.get(address="a@example.com")
    assert (first.status, first.attempt_count, first.lease) == (Status.PENDING, 1, None)
    assert first.next_attempt_at == NOW + FIRST_WAIT
    assert first.problem == "No mail server took it."
    assert at(NOW + FIRST_WAIT) == ["b@example.com", "a@example.com"]
    assert not AlertMail.objects.exclude(status=Status.SENT, problem="").exists()


def test_one_round_meets_a_server_that_is_gone_only_once(server, alert):
    for _ in range(5):
        make_alert_mail(alert=alert, next_attempt_at=NOW)
    server.answers[:] = [TimeoutError()] * 5
    at(NOW)
    assert len(server.answers) == 4


def test_a_round_ends_and_the_next_sweep_goes_on(alert, monkeypatch):
    monkeypatch.setattr(mailing, "ROUND", 2)
    for _ in range(3):
        make_alert_mail(alert=alert, next_attempt_at=NOW)
    assert [len(at(NOW)), len(at(NOW)), len(at(NOW))] == [2, 1, 0]


def test_after_a_day_it_is_given_up_and_can_be_seen(server, alert):
    mail = make_alert_mail(alert=alert, next_attempt_at=NOW)
    now, rounds = NOW, 0
    while mail.status == Status.PENDING:
        server.answers[:] = [SMTPServerDisconnected()]
        at(now)
        mail.refresh_from_db()
        now, rounds = mail.next_attempt_at or now, rounds + 1
    assert (mail.status, mail.problem) == (Status.FAILED, "No mail server took it.")
    assert GIVE_UP <= now - alert.created_at <= GIVE_UP + LAST_WAIT
    assert rounds == mail.attempt_count > 40
    assert at(now + GIVE_UP) == []


@pytest.mark.parametrize(
    ("code", "status"),
    [(550, Status.FAILED), (553, Status.FAILED), (450, Status.PENDING), (554, Status.PENDING)],
)
def test_only_a_mailbox_that_is_not_there_is_given_up_at_once_and_nobody_else_waits(
    code, status, server, alert
):
    first, second = (make_alert_mail(alert=alert, next_attempt_at=NOW) for _ in range(2))
    server.answers[:] = [refused(first.address, code)]
    assert at(NOW) == [second.address]
    first.refresh_from_db()
    assert first.status == status
    assert "secret" not in first.problem


def test_what_breaks_on_our_side_is_logged_and_tried_again(alert, monkeypatch, caplog):
    mail = make_alert_mail(alert=alert, next_attempt_at=NOW)
    monkeypatch.setattr(mailing, "letter_of", lambda _: 1 / 0)
    with caplog.at_level(logging.WARNING):
        assert at(NOW) == []
    monkeypatch.undo()
    assert "could not be e-mailed (ZeroDivisionError)" in caplog.text
    assert mail.address not in caplog.text
    assert at(NOW + FIRST_WAIT) == [mail.address]


def test_a_worker_that_dies_while_it_sends_leaves_it_to_the_next(alert):
    mail = make_alert_mail(alert=alert, next_attempt_at=NOW)
    mailing._claim(now=NOW)
    assert at(NOW + LEASE / 2) == []
    assert at(NOW + LEASE) == [mail.address]


def test_a_worker_that_comes_back_late_changes_nothing(alert):
    make_alert_mail(alert=alert, next_attempt_at=NOW)
    late = mailing._claim(now=NOW)
    assert late is not None
    at(NOW + LEASE)
    mailing._end(late, Status.FAILED, now=NOW + LEASE, problem="late")
    assert AlertMail.objects.get().status == Status.SENT


def test_trouble_that_a_deactivation_overtook_is_not_told(alert):
    trouble = make_alert(webhook=alert.webhook, kind=Alert.Kind.TROUBLE, addressed_at=NOW)
    for each in (trouble, alert):
        make_alert_mail(alert=each, address="a@example.com", next_attempt_at=NOW)
    assert at(NOW) == ["a@example.com"]
    assert trouble.mails.get().status == Status.WITHDRAWN
    assert "was deactivated" in django_mail.outbox[0].subject


def test_nobody_is_told_of_a_webhook_that_is_gone(alert):
    mail = make_alert_mail(alert=alert, next_attempt_at=NOW)
    alert.webhook.delete_softly()
    assert at(NOW) == []
    mail.refresh_from_db()
    assert mail.status == Status.WITHDRAWN


def test_one_thread_of_a_process_is_enough(alert):
    make_alert_mail(alert=alert, next_attempt_at=NOW)
    with mailing._turn:
        assert at(NOW) == []
    assert len(at(NOW)) == 1


@pytest.mark.django_db(transaction=True)
def test_two_workers_do_not_both_send(server, monkeypatch):
    partner = make_partner()
    for _ in range(10):
        make_member(partner=partner)
    make_webhook(partner=partner).deactivate(reason="Timed out.")
    barrier = threading.Barrier(3)

    def work():
        try:
            barrier.wait()
            mail_alerts()
        finally:
            connection.close()

    # Processes have a turn each; here threads stand for them.
    monkeypatch.setattr(mailing, "_turn", threading.Semaphore(3))
    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    told = [message.to[0] for message in django_mail.outbox]
    assert sorted(told) == sorted(set(told))
    assert len(told) == 10


@given(st.integers(1, 10_000))
def test_waits_grow_from_the_first_to_the_last(attempts):
    assert FIRST_WAIT <= wait_after(attempts) <= wait_after(attempts + 1) <= LAST_WAIT


def test_waits():
    minutes = [wait_after(attempts) / timedelta(minutes=1) for attempts in range(1, 8)]
    assert minutes == [1, 2, 4, 8, 16, 30, 30]
