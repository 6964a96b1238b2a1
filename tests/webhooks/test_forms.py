"""What a partner types about a webhook, apart from the pages around it."""

import pytest
from django.http import QueryDict

from tests.factories import make_webhook
from webhooks.forms import DeleteForm, WebhookForms
from webhooks.models import Webhook

pytestmark = pytest.mark.django_db


def typed(**changes):
    fields = {
        "url": "https://new.northwind.com/",
        "is_active": "on",
        "secret": "",
        "event_types": "verification.completed",
        "headers-TOTAL_FORMS": "0",
        "headers-INITIAL_FORMS": "0",
    }
    data = QueryDict(mutable=True)
    data.update(fields | {name.replace("__", "-"): value for name, value in changes.items()})
    return data


def test_what_others_write_while_it_is_typed_stays():
    webhook = make_webhook()
    forms = WebhookForms(webhook, typed())
    Webhook.objects.filter(pk=webhook.pk).update(outcomes="sss", succeeded_count=3)
    assert forms.are_valid()
    forms.save()
    webhook.refresh_from_db()
    assert webhook.url == "https://new.northwind.com/"
    assert (webhook.outcomes, webhook.succeeded_count) == ("sss", 3)


def test_the_webhook_it_was_given_stays_as_it_was_until_it_is_saved():
    webhook = make_webhook(url="https://hooks.northwind.com/")
    assert WebhookForms(webhook, typed()).are_valid()
    assert webhook.url == "https://hooks.northwind.com/"


def test_webhook_and_headers_are_saved_together_or_not_at_all(monkeypatch):
    webhook = make_webhook(url="https://hooks.northwind.com/")
    forms = WebhookForms(
        webhook, typed(headers__TOTAL_FORMS="1", headers__0__name="X-Key", headers__0__value="1")
    )
    assert forms.are_valid()
    monkeypatch.setattr(forms.headers, "save", lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        forms.save()
    webhook.refresh_from_db()
    assert webhook.url == "https://hooks.northwind.com/"


def test_more_than_twenty_headers_are_refused():
    rows = {f"headers__{n}__{field}": f"X-{n}" for n in range(21) for field in ("name", "value")}
    forms = WebhookForms(make_webhook(), typed(headers__TOTAL_FORMS="21", **rows))
    assert not forms.are_valid()
    assert forms.headers.non_form_errors() == ["A webhook may have at most 20 headers; these are 21."]


def test_blanks_around_a_value_are_not_sent():
    forms = WebhookForms(
        make_webhook(), typed(headers__TOTAL_FORMS="1", headers__0__name="X-Key", headers__0__value=" 1 ")
    )
    assert forms.are_valid()
    assert forms.save().headers.get().value == "1"


def test_errors_are_read_out_with_their_field():
    forms = WebhookForms(Webhook(), typed(url="http://"))
    assert not forms.are_valid()
    control = str(forms.webhook["url"])
    assert 'aria-invalid="true"' in control
    assert "id_url_helptext" in control


@pytest.mark.parametrize(("host", "right"), [("hooks.northwind.com", True), ("northwind.com", False)])
def test_only_the_whole_host_confirms(host, right):
    webhook = make_webhook(url="https://hooks.northwind.com/")
    assert DeleteForm({"host": host}, webhook=webhook).is_valid() is right
