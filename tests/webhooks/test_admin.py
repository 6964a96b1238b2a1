"""Administration of webhooks."""

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.utils import timezone

from tests.admin import opened, queries, refused, url_of
from tests.factories import make_attempt, make_delivery, make_partner, make_webhook
from webhooks.models import Webhook

pytestmark = pytest.mark.django_db

CANARY = "canary-7f3a"
LIST = "/admin/webhooks/webhook/"

SWITCHED_ON = {"initial-is_active": "False", "is_active": "on"}
SWITCHED_OFF = {"initial-is_active": "True"}
NO_HEADERS = {"headers-TOTAL_FORMS": "0", "headers-INITIAL_FORMS": "0"}


def make_canary() -> Webhook:
    return make_webhook(
        url=f"https://hooks.northwind.com/in?token={CANARY}",
        secret=f"whsec_{CANARY}",
        previous_secret=f"old_{CANARY}",
        headers={"X-Api-Key": CANARY},
    )


def change(client: Client, webhook: Webhook, form: dict[str, str]) -> Webhook:
    response = client.post(url_of(Webhook, "change", webhook.pk), {**NO_HEADERS, **form})
    assert response.status_code == 302, response.content.decode()
    return Webhook.objects.get(pk=webhook.pk)


def test_every_page_opens_and_shows_nothing_secret(admin_client: Client) -> None:
    webhook = make_canary()
    pages = [
        opened(admin_client, url_of(Webhook, page, webhook.pk)) for page in ("change", "delete", "history")
    ]
    pages += [
        opened(admin_client, LIST, query)
        for query in ({}, {"q": webhook.public_id}, {"q": "in?token"}, {"is_active__exact": "1"})
    ]
    assert not any(CANARY in page for page in pages)
    assert "X-Api-Key" in pages[0]
    assert "https://hooks.northwind.com/in?••••••••" in pages[0]


def test_no_key_is_needed_to_look(admin_client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    webhook = make_canary()

    def never(*_: object) -> str:
        raise AssertionError("decrypted")

    monkeypatch.setattr("portal.encryption.EncryptedTextField.decrypt", never)
    opened(admin_client, LIST)
    opened(admin_client, url_of(Webhook, "change", webhook.pk))


@pytest.mark.parametrize("words", ["wh_", "northwind", "hooks.example"])
def test_searching_finds_by_id_partner_and_url(admin_client: Client, words: str) -> None:
    found = make_webhook(partner=make_partner(slug="northwind"), url="https://hooks.example.com/in")
    other = make_webhook(url="https://other.contoso.com/in")
    page = opened(admin_client, LIST, {"q": found.public_id if words == "wh_" else words})
    assert url_of(Webhook, "change", found.pk) in page
    assert url_of(Webhook, "change", other.pk) not in page


@pytest.mark.parametrize(("answer", "seen"), [("yes", True), ("no", False)])
def test_deleted_ones_can_be_told_apart(admin_client: Client, answer: str, seen: bool) -> None:
    webhook = make_webhook()
    webhook.delete_softly()
    page = opened(admin_client, LIST, {"deleted": answer})
    assert (url_of(Webhook, "change", webhook.pk) in page) is seen


def test_the_list_costs_the_same_however_long_it_is(admin_client: Client) -> None:
    make_webhook()
    before = queries(admin_client, LIST)
    for _ in range(5):
        make_webhook()
    assert queries(admin_client, LIST) == before


def test_switching_off_holds_what_is_owed(admin_client: Client) -> None:
    delivery = make_delivery()
    assert not change(admin_client, delivery.webhook, SWITCHED_OFF).is_active
    delivery.refresh_from_db()
    assert delivery.status == "held"


def test_switching_on_forgets_the_failure_and_owes_again(admin_client: Client) -> None:
    delivery = make_delivery()
    delivery.webhook.deactivate(reason="Timed out")
    webhook = change(admin_client, delivery.webhook, SWITCHED_ON)
    delivery.refresh_from_db()
    assert (webhook.is_active, webhook.deactivated_at, webhook.deactivation_reason) == (True, None, "")
    assert delivery.status == "pending"


def test_a_page_left_open_does_not_revive_what_failed_meanwhile(admin_client: Client) -> None:
    webhook = make_webhook()
    webhook.deactivate(reason="Timed out")
    unchanged = {"initial-is_active": "True", "is_active": "on"}
    assert not change(admin_client, webhook, unchanged).is_active


def test_nothing_else_is_written(admin_client: Client) -> None:
    webhook = make_canary()
    change(admin_client, webhook, {**SWITCHED_OFF, "url": "https://evil.example.com/", "secret": "x"})
    changed = Webhook.objects.get(pk=webhook.pk)
    assert (changed.url, changed.secret) == (webhook.url, f"whsec_{CANARY}")


def test_the_admins_history_names_the_field_and_no_value(admin_client: Client) -> None:
    change(admin_client, make_canary(), SWITCHED_OFF)
    entry = LogEntry.objects.get()
    assert "Active" in entry.get_change_message()
    assert CANARY not in f"{entry.object_repr} {entry.change_message}"


def test_deleting_keeps_the_row_and_cancels_what_is_owed(admin_client: Client) -> None:
    delivery = make_delivery()
    make_attempt(delivery=delivery)
    admin_client.post(url_of(Webhook, "delete", delivery.webhook_id), {"post": "yes"})
    delivery.refresh_from_db()
    webhook = Webhook.objects.get(pk=delivery.webhook_id)
    assert webhook.deleted_at is not None
    assert (webhook.secret, delivery.status) == ("", "canceled")


def test_several_are_deleted_alike(admin_client: Client) -> None:
    webhooks = [make_webhook() for _ in range(2)]
    chosen = {
        "action": "delete_selected",
        "_selected_action": [str(each.pk) for each in webhooks],
        "post": "yes",
    }
    admin_client.post(LIST, chosen)
    assert Webhook.objects.count() == 2
    assert Webhook.objects.live().count() == 0


def test_a_deleted_one_is_only_looked_at(admin_client: Client) -> None:
    webhook = make_webhook(is_active=False, deleted_at=timezone.now())
    assert 'name="is_active"' not in opened(admin_client, url_of(Webhook, "change", webhook.pk))
    assert refused(admin_client, url_of(Webhook, "change", webhook.pk), "POST")
    assert refused(admin_client, url_of(Webhook, "delete", webhook.pk))


def test_webhooks_are_created_by_their_partner(admin_client: Client) -> None:
    assert refused(admin_client, url_of(Webhook, "add"))
