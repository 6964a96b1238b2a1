"""What the e-mails say, in text and HTML alike, and what they never say."""

import email.policy
from datetime import timedelta
from email.parser import BytesParser
from html import unescape

import pytest
from django.test import Client
from django.utils import timezone

from deliveries.alerts.letters import letter_of
from deliveries.alerts.messages import message
from deliveries.causes import Cause
from deliveries.models import Alert, AlertSettings, Delivery
from portal.times import exact
from tests.factories import (
    make_alert,
    make_alert_mail,
    make_attempt,
    make_delivery,
    make_member,
    make_partner,
    make_webhook,
)

pytestmark = pytest.mark.django_db

NOW = timezone.now()
Kind = Alert.Kind
Status = Delivery.Status


@pytest.fixture(autouse=True)
def portal(settings):
    settings.PORTAL_URL = "https://portal.example.com"
    settings.DEFAULT_FROM_EMAIL = "Cr3dentials <webhooks@example.com>"


@pytest.fixture
def partner():
    return make_partner(name="Northwind <Lending>")


@pytest.fixture
def webhook(partner):
    return make_webhook(partner=partner, url="https://hooks.northwind.com/in?token=hush")


def parts(alert):
    """Return the e-mail as its reader gets it: headers, text, HTML."""
    mail = make_alert_mail(alert=alert)
    sent = BytesParser(policy=email.policy.default).parsebytes(
        message(mail, letter_of(alert)).message().as_bytes()
    )
    text, html = sent.iter_parts()
    return sent, text.get_content(), unescape(html.get_content())


def test_the_message_is_for_one_reader_and_for_no_robot(webhook):
    alert = make_alert(webhook=webhook)
    sent, *_ = parts(alert)
    assert sent.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in sent.iter_parts()] == ["text/plain", "text/html"]
    assert sent["To"] == alert.mails.get().address
    assert (sent["Cc"], sent["Bcc"]) == (None, None)
    assert sent["Auto-Submitted"] == "auto-generated"
    assert sent["From"] == "Cr3dentials <webhooks@example.com>"
    assert sent["Message-ID"] == f"<{alert.public_id}.{alert.mails.get().pk}@example.com>"


def test_it_says_what_failed_what_happens_meanwhile_and_what_to_do(webhook):
    delivery = make_delivery(webhook=webhook, status=Status.FAILED, last_cause=Cause.STATUS)
    webhook.deactivate(reason="Your server answered 503.")
    for _ in range(2):
        make_delivery(webhook=webhook, status=Status.HELD)
    sent, text, html = parts(webhook.alerts.get())
    assert sent["Subject"] == "hooks.northwind.com was deactivated"
    for body in (" ".join(text.split()), " ".join(html.split())):
        assert "made this webhook inactive because a delivery to it failed for good" in body
        assert "https://hooks.northwind.com/in?••••••••" in body
        assert "2 notifications" in body
        assert "Nothing is lost: new results are held for you." in body
        assert f"https://portal.example.com/webhooks/{webhook.public_id}/activate/" in body
        assert f"https://portal.example.com/deliveries/{delivery.public_id}/" in body
        assert exact(webhook.deactivated_at) in body


def test_the_cause_comes_with_its_fix(webhook):
    for body in parts(make_alert(webhook=webhook, status_code=401))[1:]:
        assert "Answered 401 Unauthorized" in body
        assert "refused our credentials" in " ".join(body.split())


def test_first_trouble_says_since_when_and_what_we_do(webhook):
    webhook.failing_since = NOW
    webhook.save()
    sent, text, html = parts(
        make_alert(webhook=webhook, kind=Kind.TROUBLE, status_code=None, cause=Cause.TIMEOUT)
    )
    assert sent["Subject"] == "hooks.northwind.com is failing"
    for body in (" ".join(text.split()), " ".join(html.split())):
        assert "Timed out" in body
        assert exact(NOW) in body
        assert "We retry each delivery after 1, 2, 4, 8 and 16 s" in body
        assert "We do not write about this webhook's failures again for 24 hours" in body
        assert "recovered" not in body


def test_an_e_mail_that_was_delayed_says_what_has_become_of_it(webhook):
    _, text, _ = parts(make_alert(webhook=webhook, kind=Kind.TROUBLE))
    assert "it may have recovered" in text
    _, text, _ = parts(make_alert(webhook=webhook))
    assert "It has been activated again since." in text
    assert "Held so far" not in text


def test_what_is_held_is_counted_so_far_only(webhook, monkeypatch):
    monkeypatch.setattr("deliveries.reactivating.MOST_HELD", 2)
    monkeypatch.setattr("deliveries.banners.MOST_HELD", 2)
    webhook.deactivate(reason="Timed out.")
    for _ in range(4):
        make_delivery(webhook=webhook, status=Status.HELD)
    assert "More than 2 notifications" in parts(webhook.alerts.get())[1]


def test_no_answer_payload_header_or_secret_is_in_it(webhook):
    delivery = make_delivery(webhook=webhook, status=Status.FAILED, last_cause=Cause.STATUS)
    make_attempt(delivery=delivery, status_code=500, response="an answer about Jane Doe")
    sent, *bodies = parts(make_alert(webhook=webhook))
    for text in (str(sent), *bodies):
        assert all(hidden not in str(text) for hidden in ("Jane Doe", "hush", webhook.secret))


def test_the_test_of_a_person_is_not_taken_for_the_failure(webhook):
    make_delivery(webhook=webhook, status=Status.FAILED, last_cause=Cause.STATUS, is_test=True)
    assert "/deliveries/" not in parts(make_alert(webhook=webhook))[1]


def test_markup_in_a_name_is_text(partner):
    mail = make_alert_mail(alert=make_alert(partner=partner, kind=Kind.SAMPLE))
    html = str(message(mail, letter_of(mail.alert)).alternatives[0][0])
    assert "Northwind &lt;Lending&gt;" in html
    assert "Northwind <Lending>" not in html


@pytest.mark.parametrize(
    ("chosen", "words"),
    [([], "because you are an owner or developer of"), (["ops@x.example"], "chose this address")],
)
def test_it_says_why_one_gets_it_and_where_to_change_that(chosen, words, webhook, partner):
    AlertSettings.objects.create(partner=partner, addresses=chosen)
    for body in parts(make_alert(webhook=webhook))[1:]:
        assert words in " ".join(body.split())
        assert "https://portal.example.com/alerts/" in body


@pytest.mark.parametrize("kind", Kind.values)
def test_every_link_leads_somewhere(kind, webhook, partner):
    make_delivery(webhook=webhook, status=Status.FAILED, last_cause=Cause.STATUS)
    webhook.deactivate(reason="Timed out.")
    client = Client()
    client.force_login(make_member(partner=partner).user)
    letter = letter_of(make_alert(webhook=webhook, kind=kind))
    for link in (*letter.links, letter.manage):
        path = link.address.removeprefix("https://portal.example.com")
        assert client.get(path).status_code == 200, link


@pytest.mark.parametrize("cause", [*Cause, ""])
def test_every_cause_can_be_told(cause, webhook):
    code = 503 if cause == Cause.STATUS else None
    for kind in (Kind.TROUBLE, Kind.DEACTIVATED):
        assert (
            "{{ letter" not in parts(make_alert(webhook=webhook, kind=kind, cause=cause, status_code=code))[2]
        )


def test_it_leads_to_the_newest_failure_among_many(webhook):
    for days in (3, 1, 2):
        newest = make_delivery(
            webhook=webhook,
            status=Status.FAILED,
            last_cause=Cause.STATUS,
            created_at=NOW - timedelta(days=days),
        )
        if days == 1:
            expected = newest
    assert expected.public_id in parts(make_alert(webhook=webhook))[1]
