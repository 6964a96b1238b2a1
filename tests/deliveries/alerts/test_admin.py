import pytest
from django.test import Client

from deliveries.models import Alert
from tests.admin import opened, queries, refused, url_of
from tests.factories import make_alert, make_alert_mail, make_webhook

pytestmark = pytest.mark.django_db


def test_an_administrator_sees_who_was_told(admin_client: Client) -> None:
    mail = make_alert_mail(alert=make_alert(webhook=make_webhook()), address="ops@northwind.example")
    assert mail.alert.public_id in opened(admin_client, url_of(Alert, "changelist"))
    page = opened(admin_client, url_of(Alert, "change", mail.alert.pk))
    assert "ops@northwind.example" in page
    for term in (mail.alert.public_id, str(mail.alert.webhook and mail.alert.webhook.public_id)):
        assert mail.alert.public_id in opened(admin_client, url_of(Alert, "changelist"), {"q": term})


@pytest.mark.parametrize("page", ["add", "delete"])
def test_nobody_changes_it(admin_client: Client, page: str) -> None:
    alert = make_alert()
    assert refused(admin_client, url_of(Alert, page, *([] if page == "add" else [alert.pk])))
    assert refused(admin_client, url_of(Alert, "change", alert.pk), "POST")


def test_the_list_costs_the_same_with_any_number(admin_client: Client) -> None:
    make_alert()
    few = queries(admin_client, url_of(Alert, "changelist"))
    for _ in range(10):
        make_alert(webhook=make_webhook())
    assert queries(admin_client, url_of(Alert, "changelist")) == few
