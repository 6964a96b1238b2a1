import pytest

from deliveries.engine import configurations
from deliveries.engine.configurations import Configurations
from portal.encryption import DecryptionError
from tests.factories import make_webhook
from webhooks.models import WebhookHeader

pytestmark = pytest.mark.django_db


def versions(*webhooks):
    return {webhook.pk: webhook.updated_at for webhook in webhooks}


def read(*webhooks, into=None):
    """Return what is known of *webhooks* after a look at the database, in their order."""
    for webhook in webhooks:
        webhook.refresh_from_db()
    found = (into or Configurations()).of(versions(*webhooks))
    return [found[webhook.pk] for webhook in webhooks]


def test_webhooks_come_with_their_own_headers_in_order():
    one, other = make_webhook(headers={"X-Key": "1", "X-Also": "2"}), make_webhook()
    assert [list(each.own_headers.items()) for each in read(one, other)] == [
        [("X-Key", "1"), ("X-Also", "2")],
        [],
    ]


def test_everything_that_sending_needs_is_at_hand(django_assert_num_queries):
    [webhook] = read(make_webhook(headers={"X-Key": "1"}, payload_template="[]"))
    with django_assert_num_queries(0):
        assert (webhook.signing_secrets.current, webhook.own_headers, webhook.payload_template) == (
            webhook.secret,
            {"X-Key": "1"},
            "[]",
        )
        assert (webhook.is_active, webhook.deleted_at) == (True, None)


def test_a_header_that_cannot_be_decrypted_costs_its_own_webhook_alone():
    broken, fine = make_webhook(headers={"X-Key": "1"}), make_webhook(headers={"X-Key": "2"})
    stolen = WebhookHeader.objects.values_list("value", flat=True).get(webhook=fine)
    WebhookHeader.objects.filter(webhook=broken).update(value=stolen)
    theirs, ours = read(broken, fine)
    assert ours.own_headers == {"X-Key": "2"}
    with pytest.raises(DecryptionError):
        _ = theirs.own_headers


def test_only_what_has_changed_is_read_anew(django_assert_num_queries):
    known, changed = Configurations(), make_webhook()
    kept = make_webhook()
    before = read(kept, changed, into=known)
    changed.save()
    with django_assert_num_queries(2):
        after = known.of(versions(kept, changed))
    assert after[kept.pk] is before[0]
    assert after[changed.pk] is not before[1]


def test_a_header_that_is_added_while_they_are_read_is_seen_by_the_next_look(monkeypatch):
    known, webhook, rows = Configurations(), make_webhook(), configurations._rows

    def change_after_the_first(*asked):
        found = list(rows(*asked))
        monkeypatch.setattr(configurations, "_rows", rows)
        WebhookHeader.objects.create(webhook=webhook, name="X-New", value="1")
        return found

    monkeypatch.setattr(configurations, "_rows", change_after_the_first)
    read(webhook, into=known)
    [seen] = read(webhook, into=known)
    assert seen.own_headers == {"X-New": "1"}


def test_a_process_does_not_keep_more_and_more(monkeypatch):
    monkeypatch.setattr(configurations, "MOST", 2)
    known = Configurations()
    for _ in range(5):
        read(make_webhook(), into=known)
    assert len(known._known) <= 3
