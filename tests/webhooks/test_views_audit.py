"""What is done to a webhook stands in the trail: who, what, and the names of fields, never their values."""

import json

import pytest

from portal.audit import Action
from portal.models import AuditEntry
from tests.factories import make_webhook
from tests.webhooks.test_views_edit import typed

SECRET, VALUE = "canary-secret-0123456789", "canary-value"


@pytest.fixture
def webhook(partner):
    return make_webhook(
        partner=partner,
        url="https://hooks.northwind.com/v2?token=canary",
        secret=SECRET,
        headers={"X-Api-Key": VALUE, "X-Team": VALUE},
    )


@pytest.fixture
def page(webhook):
    return f"/webhooks/{webhook.public_id}/"


def trail():
    return list(AuditEntry.objects.order_by("pk").values_list("action", "detail"))


def test_an_entry_names_who_what_and_whose(developer, webhook, page, partner):
    developer.post(f"{page}deactivate/")
    entry = AuditEntry.objects.get()
    member = partner.memberships.get(role="developer")
    assert (entry.by, entry.partner, entry.kind) == (member.user.email, partner, "webhook")
    assert (entry.subject_id, entry.subject) == (webhook.public_id, "hooks.northwind.com")


@pytest.mark.parametrize(
    ("changes", "entries"),
    [
        ({}, []),
        ({"url": "https://new.northwind.com/"}, [(Action.CHANGED, "URL")]),
        ({"event_types": ["verification.failed"]}, [(Action.CHANGED, "events")]),
        ({"payload_template": '["{{ type }}"]'}, [(Action.CHANGED, "payload template")]),
        ({"headers__0__value": "new"}, [(Action.CHANGED, "headers")]),
        ({"headers__0__name": "X-Token"}, [(Action.CHANGED, "headers")]),
        ({"headers__1__DELETE": "on"}, [(Action.CHANGED, "headers")]),
        ({"headers__2__name": "X-New", "headers__2__value": "new"}, [(Action.CHANGED, "headers")]),
        (
            {"url": "https://new.northwind.com/", "headers__0__value": "new"},
            [(Action.CHANGED, "URL, headers")],
        ),
        ({"secret": "canary-another-0123456789"}, [(Action.SECRET_ROLLED, "without overlap")]),
        ({"is_active": False}, [(Action.DEACTIVATED, "")]),
        (
            {"event_types": ["verification.failed"], "is_active": False},
            [(Action.CHANGED, "events"), (Action.DEACTIVATED, "")],
        ),
    ],
)
def test_saving_the_settings_names_what_changed(changes, entries, owner, webhook, page):
    assert owner.post(f"{page}settings/", typed(webhook, **changes)).status_code == 302
    assert trail() == entries


@pytest.mark.parametrize("changes", [{"url": "http://"}, {"secret": "short"}, {"add_header": "1"}])
def test_what_was_not_saved_is_not_written_down(changes, owner, webhook, page):
    assert owner.post(f"{page}settings/", typed(webhook, **changes)).status_code == 200
    assert trail() == []


def test_creating_one_is_one_entry(owner):
    form = {"url": "https://hooks.northwind.com/", "is_active": "on", "secret": SECRET}
    form |= {"headers-TOTAL_FORMS": "1", "headers-INITIAL_FORMS": "0"}
    form |= {"headers-0-name": "X-Api-Key", "headers-0-value": VALUE}
    assert owner.post("/webhooks/new/", form).status_code == 302
    assert trail() == [(Action.CREATED, "")]


@pytest.mark.parametrize(
    ("is_active", "step", "action"),
    [(False, "activate", Action.ACTIVATED), (True, "deactivate", Action.DEACTIVATED)],
)
def test_switching_it_is_written_down_once(is_active, step, action, owner, partner):
    webhook = make_webhook(partner=partner, is_active=is_active)
    for _ in range(2):
        owner.post(f"/webhooks/{webhook.public_id}/{step}/")
    assert trail() == [(action, "")]


def test_deleting_it_is_written_down(owner, webhook, page):
    owner.post(f"{page}delete/", {"host": "elsewhere"})
    assert trail() == []
    owner.post(f"{page}delete/", {"host": webhook.host})
    assert trail() == [(Action.DELETED, "")]


def test_revealing_the_secret_is_written_down_each_time_and_looking_at_the_page_is_not(owner, page):
    owner.get(f"{page}secret/")
    assert trail() == []
    for headers in ({}, {"HX-Request": "true"}):
        owner.post(f"{page}secret/", headers=headers)
    assert trail() == [(Action.SECRET_REVEALED, "")] * 2


def test_a_change_that_fails_leaves_no_entry_and_an_entry_that_fails_no_change(
    owner, webhook, page, monkeypatch
):  # fmt: skip
    def refuse(*_, **__):
        raise RuntimeError("The trail is full.")

    monkeypatch.setattr("portal.audit.record", refuse)
    owner.raise_request_exception = False
    changed = typed(webhook, url="https://new.northwind.com/", headers__0__value="new")
    steps = {"settings/": changed, "deactivate/": {}, "delete/": {"host": webhook.host}}
    steps |= {"secret/": {}, "secret/roll/": {"overlap": "24h"}}
    answers = {step: owner.post(page + step, form) for step, form in steps.items()}
    assert {answer.status_code for answer in answers.values()} == {500}
    assert SECRET not in answers["secret/"].content.decode()
    before = (webhook.url, webhook.signing_secrets, True, None)
    webhook.refresh_from_db()
    assert (webhook.url, webhook.signing_secrets, webhook.is_active, webhook.deleted_at) == before
    assert webhook.headers.filter(name="X-Api-Key").get().value == VALUE


def test_no_value_is_in_it(owner, webhook, page):
    owner.post(f"{page}settings/", typed(webhook, secret=f"{SECRET}-2", headers__0__value=f"{VALUE}-2"))
    owner.post(f"{page}secret/")
    owner.post(f"{page}secret/roll/", {"overlap": "24h", "secret": f"{SECRET}-3"})
    owner.post(f"{page}secret/end-overlap/")
    owner.post(f"{page}delete/", {"host": webhook.host})
    assert len(trail()) == 6
    assert "canary" not in json.dumps(list(AuditEntry.objects.values()), default=str)
