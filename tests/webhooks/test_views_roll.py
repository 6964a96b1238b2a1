"""Rolling a webhook's signing secret, and ending the overlap."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client

from portal.audit import Action
from portal.models import AuditEntry
from tests.factories import make_member, make_webhook
from webhooks.rolling import Overlap, Secrets

OLD, TYPED = "canary-old-secret-0123456789", "canary-new-secret-0123456789"
NOW = datetime(2026, 5, 2, 9, 59, 30, tzinfo=UTC)
END = datetime(2026, 5, 3, 10, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def webhook(partner):
    return make_webhook(partner=partner, url="https://hooks.northwind.com/", secret=OLD)


@pytest.fixture
def overlapping(webhook):
    """The webhook while two secrets sign."""
    webhook.signing_secrets = Secrets(TYPED, OLD, END)
    webhook.save_secrets()
    return webhook


@pytest.fixture
def page(webhook):
    return f"/webhooks/{webhook.public_id}/secret/"


def roll(client, page, **form):
    return client.post(f"{page}roll/", {"overlap": "24h", **form})


def secrets_of(webhook):
    webhook.refresh_from_db()
    return webhook.signing_secrets


def text(response):
    assert response.status_code == 200
    return response.content.decode()


def trail():
    return list(AuditEntry.objects.values_list("action", "detail").order_by("pk"))


# --- Roll -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("overlap", "ends_at", "words"),
    [("24h", END, "24 hours of overlap"), ("7d", END + timedelta(days=6), "7 days of overlap")],
)
def test_a_typed_secret_is_rolled_with_an_overlap(overlap, ends_at, words, developer, webhook):
    page = f"/webhooks/{webhook.public_id}/secret/"
    response = roll(developer, page, overlap=overlap, secret=TYPED)
    assert (response.status_code, response["Location"]) == (302, page)
    assert secrets_of(webhook) == Secrets(TYPED, OLD, ends_at)
    assert trail() == [(Action.SECRET_ROLLED, words)]


def test_a_generated_one_is_new_each_time(owner, webhook, page):
    roll(owner, page)
    first = secrets_of(webhook).current
    roll(owner, page, overlap="none", is_sure="on")
    second = secrets_of(webhook).current
    assert len({OLD, first, second}) == 3
    assert all(each.startswith("whsec_") for each in (first, second))


def test_without_overlap_it_must_be_confirmed(owner, webhook, page):
    shown = text(roll(owner, page, overlap="none", secret=TYPED))
    assert "Tick this to confirm, or choose an overlap." in shown
    assert "endpoints that hold the old secret refuse every delivery from now on" in shown
    assert secrets_of(webhook) == Secrets(OLD)
    assert roll(owner, page, overlap="none", secret=TYPED, is_sure="on").status_code == 302
    assert secrets_of(webhook) == Secrets(TYPED)
    assert trail() == [(Action.SECRET_ROLLED, "without overlap")]


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ({"secret": "short"}, "The secret has 5 characters. Use 24 to 128"),
        ({"secret": "x" * 129}, "The secret has 129 characters."),
        ({"secret": "no spaces in a secret please"}, "no spaces, no accents"),
        ({"secret": "whsec_" + "!" * 30}, "must come the base64 of at least 24 bytes"),
        ({"secret": OLD}, "This is the secret that signs already. Type another one."),
        ({"overlap": ""}, "Choose how long the old secret goes on signing."),
        ({"overlap": "2h"}, "Choose 24 hours, 7 days or no overlap."),
        ({"overlap": "none", "secret": "short"}, "The secret has 5 characters."),
        ({"overlap": "none", "secret": "short"}, "Tick this to confirm"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_changes(form, message, owner, webhook, page):
    shown = text(roll(owner, page, **form))
    assert message in shown
    assert "Nothing was changed yet." in shown
    assert secrets_of(webhook) == Secrets(OLD)
    assert trail() == []


@pytest.mark.parametrize("overlap", ["24h", "7d"])
def test_a_second_overlap_is_refused_with_the_next_step(overlap, owner, overlapping, page):
    shown = text(roll(owner, page, overlap=overlap))
    assert "Two secrets sign until 3 May 2026, 10:00 UTC. End that overlap first" in shown
    assert secrets_of(overlapping) == Secrets(TYPED, OLD, END)


def test_during_an_overlap_it_is_rolled_without_one_and_both_stop(owner, overlapping, page):
    assert "then both stop signing" in text(owner.get(f"{page}roll/"))
    roll(owner, page, overlap="none", is_sure="on", secret="canary-third-secret-01234567")
    assert secrets_of(overlapping) == Secrets("canary-third-secret-01234567")


def test_once_the_overlap_is_over_the_next_may_begin_though_nothing_was_purged(
    owner, overlapping, page, clock
):  # fmt: skip
    clock.move_to(END)
    roll(owner, page, secret="canary-third-secret-01234567")
    assert secrets_of(overlapping).previous == TYPED


def test_whoever_keeps_the_webhook_in_memory_is_told(owner, webhook, page, clock):
    before = webhook.updated_at
    clock.shift(1)
    roll(owner, page)
    webhook.refresh_from_db()
    assert webhook.updated_at > before


def test_the_form_offers_the_safe_choice_first(owner, webhook, page):
    shown = text(owner.get(f"{page}roll/"))
    assert '<input type="radio" name="overlap" value="24h"' in shown
    assert shown.count(" checked") == 1
    assert OLD not in shown


def test_no_page_or_trail_holds_a_stored_secret(owner, overlapping, page):
    pages = [text(owner.get(address)) for address in (page, f"{page}roll/", f"{page}?language=go")]
    owner.post(f"{page}end-overlap/")
    assert "canary" not in "".join(pages) + repr(list(AuditEntry.objects.values()))


@pytest.mark.django_db(transaction=True)
def test_of_two_who_roll_at_once_the_second_is_refused(webhook, page, partner):
    clients = [Client(), Client()]
    for client in clients:
        client.force_login(make_member(partner=partner).user)
    together = threading.Barrier(2)

    def roll_at_once(client):
        try:
            together.wait()
            return roll(client, page).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor() as threads:
        answers = sorted(threads.map(roll_at_once, clients))
    assert answers == [200, 302]
    assert secrets_of(webhook).previous == OLD


# --- What the page says meanwhile --------------------------------------------------------------------


def test_it_says_which_secret_signs_which_header_until_when(owner, overlapping, page):
    shown = text(owner.get(page))
    assert "Two secrets sign until" in shown
    assert '<time datetime="2026-05-03T10:00:00+00:00">3 May 2026, 10:00 UTC</time>' in shown
    assert "1\xa0day left" in shown
    assert "Until then it is made with the old secret" in shown
    assert "Until then it holds both signatures" in shown


def test_it_says_nothing_of_it_once_it_is_over(owner, overlapping, page, clock):
    clock.move_to(END)
    assert "Two secrets sign" not in text(owner.get(page))
    assert "Two secrets sign" not in text(owner.get(f"{page}roll/"))


# --- End it early --------------------------------------------------------------------------------------


@pytest.mark.parametrize("visitor", ["owner", "developer"])
def test_an_overlap_is_ended_early(visitor, overlapping, page, request):
    client = request.getfixturevalue(visitor)
    response = client.post(f"{page}end-overlap/")
    assert (response.status_code, response["Location"]) == (302, page)
    assert secrets_of(overlapping) == Secrets(TYPED)
    assert trail() == [(Action.OVERLAP_ENDED, "")]
    assert "Only the new secret signs from now on." in text(client.get(page))


def test_where_there_is_none_nothing_is_done_or_said(owner, webhook, page):
    assert owner.post(f"{page}end-overlap/").status_code == 302
    assert trail() == []
    assert "overlap has ended" not in text(owner.get(page))


# --- Who may ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("visitor", "status"), [("viewer", 403), ("stranger", 404), ("nobody", 302)])
def test_nobody_else_may(visitor, status, overlapping, page, request):
    client, form = request.getfixturevalue(visitor), {"overlap": Overlap.NONE, "is_sure": "on"}
    answers = [client.post(page + step, form) for step in ("roll/", "end-overlap/")]
    assert [each.status_code for each in answers] == [status] * 2
    assert secrets_of(overlapping) == Secrets(TYPED, OLD, END)
    assert trail() == []


@pytest.mark.parametrize("step", ["roll/", "end-overlap/"])
def test_a_deleted_webhook_has_none(owner, webhook, page, step):
    webhook.delete_softly()
    assert owner.post(page + step, {"overlap": "24h"}).status_code == 404


def test_ending_is_done_by_post_only(owner, overlapping, page):
    assert owner.get(f"{page}end-overlap/").status_code == 405
