"""The page of alerts."""

from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.utils import timezone
from django.utils.html import escape

from deliveries.alerts.forms import MOST_ADDRESSES
from deliveries.alerts.mailing import mail_alerts
from deliveries.alerts.samples import SPACING
from deliveries.models import Alert, AlertMail, AlertSettings
from portal.models import AuditEntry
from tests.deliveries.portal_client import HTMX, client_of, text
from tests.factories import make_alert, make_alert_mail, make_member, make_partner, make_webhook

pytestmark = pytest.mark.django_db

PAGE = "/alerts/"
Kind = Alert.Kind
Status = AlertMail.Status


@pytest.fixture
def partner():
    return make_partner(name="Northwind Lending")


@pytest.fixture
def client(partner):
    return client_of(partner)


def save(client, addresses="", **fields):
    return client.post(PAGE, {"addresses": addresses, **fields})


def chosen():
    settings = AlertSettings.objects.get()
    return settings.addresses, settings.tells_trouble


def test_without_a_choice_it_names_who_is_told(client, partner):
    make_member(partner=partner, role="viewer")
    owner = partner.memberships.get(role="owner").user
    page = text(client.get(PAGE))
    assert f"Told now: {owner.email}." in page
    assert "checked" in page
    assert not AlertSettings.objects.exists()


@pytest.mark.parametrize("role", ["owner", "developer"])
def test_it_saves_the_choice(role, partner):
    client = client_of(partner, role=role)
    response = save(client, "ops@northwind.example\r\npager@northwind.example", tells_trouble="on")
    assert (response.status_code, response["Location"]) == (302, PAGE)
    assert chosen() == (["ops@northwind.example", "pager@northwind.example"], True)
    page = text(client.get(PAGE))
    assert "ops@northwind.example\r\npager@northwind.example</textarea>" in page
    assert "Saved." in page


def test_an_empty_list_goes_back_to_everybody(client, partner):
    AlertSettings.objects.create(partner=partner, addresses=["ops@northwind.example"])
    save(client)
    assert chosen() == ([], False)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("a@x.example, b@x.example;c@x.example d@x.example", ["a", "b", "c", "d"]),
        ("a@x.example\nA@X.example\na@x.EXAMPLE", ["a"]),
        ("  \n\n a@x.example\t\n", ["a"]),
    ],
)
def test_addresses_are_read_as_people_write_them_and_kept_once(typed, kept, client):
    save(client, typed)
    assert [address.partition("@")[0] for address in chosen()[0]] == kept


@pytest.mark.parametrize(
    "typed", ["ops", "ops@", "ops@x", "a@b@c.de", "x" * 250 + "@x.example", "é@x.example"]
)
def test_what_is_no_address_is_named_with_its_fix(typed, client):
    response = save(client, f"ops@northwind.example\n{typed}")
    assert "is not an e-mail address. Write it as ops@yourcompany.com." in text(response)
    assert f"“{escape(typed[:60])}" in text(response)
    assert not AlertSettings.objects.exists()


def test_too_many_are_refused_with_a_way_out(client):
    typed = "\n".join(f"person{number}@x.example" for number in range(MOST_ADDRESSES + 1))
    assert "These are 21 addresses, and 20 are allowed. Make a mailing list" in text(save(client, typed))
    save(client, typed.partition("\n")[2])
    assert len(chosen()[0]) == MOST_ADDRESSES


def test_a_change_is_in_the_audit_trail_without_its_value(client, partner):
    save(client, "ops@northwind.example\r\npager@northwind.example", tells_trouble="on")
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.subject, entry.partner) == ("changed", "Alerts", partner)
    assert entry.detail == "e-mail addresses"
    save(client, "ops@northwind.example\r\npager@northwind.example", tells_trouble="on")
    assert AuditEntry.objects.count() == 1, "nothing changed"
    save(client, "ops@northwind.example\r\npager@northwind.example")
    assert AuditEntry.objects.latest("pk").detail == "when a webhook begins to fail"


def test_a_sample_reaches_everybody_who_is_told(client, partner):
    AlertSettings.objects.create(
        partner=partner, addresses=["a@x.example", "b@x.example"], tells_trouble=False
    )
    page = text(client.post(PAGE, {"sample": "1"}, follow=True))
    assert "A sample is on its way" in page
    assert 'hx-trigger="every 2s"' in page
    mail_alerts()
    assert [message.to for message in mail.outbox] == [["a@x.example"], ["b@x.example"]]
    assert mail.outbox[0].subject == "Sample of an alert for Northwind Lending"
    page = text(client.get(PAGE))
    assert page.count("E-mailed") == 2
    assert "hx-trigger" not in page


def test_samples_are_spaced(client, partner):
    client.post(PAGE, {"sample": "1"})
    assert "less than 5 minutes ago" in text(client.post(PAGE, {"sample": "1"}, follow=True))
    client_of(make_partner()).post(PAGE, {"sample": "1"})
    assert Alert.objects.filter(kind=Kind.SAMPLE).count() == 2
    with time_machine.travel(timezone.now() + SPACING + timedelta(seconds=1)):
        client.post(PAGE, {"sample": "1"})
    assert Alert.objects.filter(partner=partner).count() == 2


def test_it_shows_whom_we_could_not_e_mail_and_why(client, partner):
    alert = make_alert(webhook=make_webhook(partner=partner), addressed_at=timezone.now())
    problem = "The mail server of this address says that there is no such mailbox."
    make_alert_mail(alert=alert, address="gone@x.example", status=Status.FAILED, problem=problem)
    make_alert_mail(alert=alert, address="late@x.example", problem="No mail server took it.")
    page = text(client.get(PAGE))
    assert "Not e-mailed" in page
    assert problem in page
    assert "No mail server took it. We try again." in page


def test_the_list_alone_is_what_htmx_follows(client, partner):
    make_alert(webhook=make_webhook(partner=partner))
    part = text(client.get(PAGE, headers={**HTMX, "HX-Target": "told"}))
    assert part.lstrip().startswith('<section id="told"')
    assert "We are about to tell people by e-mail." in part


def test_it_costs_the_same_with_any_number_of_alerts(client, partner, django_assert_num_queries):
    for count in (1, 30):
        for _ in range(count):
            make_alert_mail(alert=make_alert(webhook=make_webhook(partner=partner)))
        with django_assert_num_queries(7):  # session, user, memberships, settings, members, alerts, mails
            client.get(PAGE)


def test_another_partners_alerts_stay_there(client):
    other = make_webhook()
    make_alert_mail(alert=make_alert(webhook=other), address="other@x.example")
    AlertSettings.objects.create(partner=other.partner, addresses=["ops@other.example"])
    page = text(client.get(PAGE))
    assert all(theirs not in page for theirs in (other.host, "other@x.example", "ops@other.example"))
    save(client, "mine@x.example")
    assert AlertSettings.objects.get(partner=other.partner).addresses == ["ops@other.example"]


@pytest.mark.parametrize("method", ["get", "post"])
def test_viewers_and_strangers_stay_out(method, partner):
    assert getattr(client_of(partner, role="viewer"), method)(PAGE).status_code == 403
    assert getattr(Client(), method)(PAGE).status_code == 302
    assert "Alerts" not in text(client_of(partner, role="viewer").get("/webhooks/"))


def test_the_banners_say_who_was_told(client, partner):
    webhook = make_webhook(partner=partner)
    webhook.deactivate(reason="Timed out.")
    mail_alerts()
    for page in ("/webhooks/", f"/webhooks/{webhook.public_id}/"):
        assert "1 address was told by e-mail on" in text(client.get(page))
    AlertMail.objects.update(status=Status.FAILED, address="gone@x.example")
    for page in ("/webhooks/", f"/webhooks/{webhook.public_id}/"):
        assert "We could not e-mail gone@x.example." in text(client.get(page))
