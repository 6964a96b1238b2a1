from datetime import UTC, datetime

import pytest

from deliveries.alerts.told import told_now, words
from deliveries.models import Alert, AlertMail
from tests.factories import make_alert, make_alert_mail, make_webhook

NOW = datetime(2026, 11, 25, 2, 30, 12, tzinfo=UTC)
Status = AlertMail.Status


def mail(status, address="a@example.com"):
    return AlertMail(address=address, status=status, ended_at=None if status == Status.PENDING else NOW)


@pytest.mark.parametrize(
    ("mails", "said"),
    [
        ([], "Nobody was told by e-mail."),
        ([mail(Status.SENT)], "1 address was told by e-mail on 25 Nov 2026, 02:30:12 UTC."),
        ([mail(Status.SENT)] * 2, "2 addresses were told by e-mail on 25 Nov 2026, 02:30:12 UTC."),
        ([mail(Status.PENDING)], "1 address is still to be told."),
        ([mail(Status.FAILED, "x@y.z")], "We could not e-mail x@y.z."),
        (
            [mail(Status.SENT), mail(Status.PENDING), mail(Status.PENDING), mail(Status.FAILED, "x@y.z")],
            "1 address was told by e-mail on 25 Nov 2026, 02:30:12 UTC. "  # noqa: ISC004 - one sentence each
            "2 addresses are still to be told. We could not e-mail x@y.z.",
        ),
        ([mail(Status.WITHDRAWN)], "No e-mail was sent, for more had happened before it could leave."),
    ],
)
def test_it_says_who_was_told(mails, said):
    assert words(Alert(addressed_at=NOW), mails) == said


def test_it_says_so_before_anybody_has_looked_whom_to_tell():
    assert words(Alert(), []) == "We are about to tell people by e-mail."


@pytest.mark.django_db
def test_what_was_told_of_earlier_trouble_is_not_of_now():
    webhook = make_webhook(failing_since=NOW)
    make_alert(webhook=webhook, kind=Alert.Kind.TROUBLE, created_at=datetime(2026, 11, 1, tzinfo=UTC))
    assert told_now([webhook]) == {}
    webhook.deactivate(reason="Timed out.")
    make_alert_mail(alert=webhook.alerts.latest("pk"), status=Status.SENT)
    assert [each.alert.kind for each in told_now([webhook]).values()] == [Alert.Kind.DEACTIVATED]


@pytest.mark.django_db
def test_many_webhooks_cost_two_queries_and_none_costs_none(django_assert_num_queries):
    webhooks = [make_webhook() for _ in range(5)]
    for webhook in webhooks:
        webhook.deactivate(reason="Timed out.")
    with django_assert_num_queries(2):
        assert len(told_now(webhooks)) == 5
    with django_assert_num_queries(0):
        assert told_now([]) == {}
