"""The audit trail: what an entry says, and that it stays."""

import pytest
from django.db import DatabaseError, connection, transaction

from portal import audit
from portal.audit import Action
from portal.models import AppendOnlyError, AuditEntry
from tests.factories import make_partner, make_webhook

pytestmark = pytest.mark.django_db

DANA = "dana@northwind.example"


def make_entry() -> AuditEntry:
    webhook = make_webhook(url="https://hooks.northwind.example/in")
    audit.record(Action.CHANGED, webhook, by=DANA, partner=webhook.partner, detail=["URL", "signing secret"])
    return AuditEntry.objects.get()


def test_an_entry_reads_as_a_sentence() -> None:
    assert str(make_entry()) == "dana@northwind.example changed hooks.northwind.example"


def test_an_entry_names_the_object_and_the_fields() -> None:
    entry = make_entry()
    assert (entry.kind, entry.subject_id[:3]) == ("webhook", "wh_")
    assert entry.detail == "URL, signing secret"


def test_what_is_too_long_is_cut_and_says_so() -> None:
    webhook = make_webhook(url=f"https://{'a' * 60}.example.com/")
    audit.record(Action.CHANGED, webhook, by=DANA, partner=webhook.partner, detail="x" * 400)
    assert AuditEntry.objects.get().detail == "x" * 299 + "…"


def test_an_entry_outlives_its_object_and_its_partner() -> None:
    entry = make_entry()
    entry.partner.webhooks.all().delete()
    entry.partner.delete()
    assert AuditEntry.objects.get().subject == "hooks.northwind.example"


def test_an_entry_is_not_changed() -> None:
    entry = make_entry()
    entry.by = "mallory@example.com"
    with pytest.raises(AppendOnlyError):
        entry.save()
    with pytest.raises(AppendOnlyError):
        AuditEntry.objects.update(by="mallory@example.com")


def test_an_entry_is_not_deleted() -> None:
    with pytest.raises(AppendOnlyError):
        make_entry().delete()
    with pytest.raises(AppendOnlyError):
        AuditEntry.objects.all().delete()


@pytest.mark.postgres
@pytest.mark.parametrize(
    "statement", ["UPDATE portal_auditentry SET \"by\" = ''", "DELETE FROM portal_auditentry"]
)
def test_the_database_refuses_what_the_models_never_ask_for(statement: str) -> None:
    make_entry()
    with (
        pytest.raises(DatabaseError, match="only grows"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def test_partners_do_not_share_a_trail() -> None:
    entry = make_entry()
    assert list(entry.partner.audit_entries.all()) == [entry]
    assert not make_partner().audit_entries.exists()
