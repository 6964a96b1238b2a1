import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from deliveries.alerts.addressing import BATCH, address_new, members
from deliveries.models import Alert, AlertMail, AlertSettings
from tests.factories import make_alert, make_member, make_partner, make_user, make_webhook

pytestmark = pytest.mark.django_db

NOW = timezone.now()
Kind = Alert.Kind


@pytest.fixture
def partner():
    partner = make_partner()
    for role in ("owner", "developer", "viewer"):
        make_member(partner=partner, user=make_user(email=f"{role}@northwind.example"), role=role)
    return partner


@pytest.fixture
def webhook(partner):
    return make_webhook(partner=partner)


def addresses():
    return sorted(AlertMail.objects.values_list("address", flat=True))


def test_without_a_choice_every_owner_and_developer_is_told(webhook):
    make_member()
    alert = make_alert(webhook=webhook)
    assert address_new(now=NOW) == 1
    assert addresses() == ["developer@northwind.example", "owner@northwind.example"]
    alert.refresh_from_db()
    assert alert.addressed_at == NOW


def test_whoever_may_not_log_in_any_more_is_not_told(partner):
    partner.memberships.get(role="owner").user.delete()
    member = partner.memberships.get(role="developer").user
    member.is_active = False
    member.save()
    assert members([partner.pk])[partner.pk] == []


def test_chosen_addresses_take_their_place(partner, webhook):
    AlertSettings.objects.create(partner=partner, addresses=["ops@northwind.example"])
    make_alert(webhook=webhook)
    address_new(now=NOW)
    assert addresses() == ["ops@northwind.example"]


@pytest.mark.parametrize(("kind", "told"), [(Kind.TROUBLE, 0), (Kind.DEACTIVATED, 2), (Kind.SAMPLE, 2)])
def test_only_first_trouble_can_be_turned_off(kind, told, partner, webhook):
    AlertSettings.objects.create(partner=partner, tells_trouble=False)
    make_alert(webhook=webhook, kind=kind)
    address_new(now=NOW)
    assert len(addresses()) == told
    assert Alert.objects.get().addressed_at == NOW


def test_once_more_writes_nothing_more(webhook):
    make_alert(webhook=webhook)
    assert [address_new(now=NOW), address_new(now=NOW)] == [1, 0]
    assert len(addresses()) == 2


def test_more_than_a_batch_is_addressed_too(webhook):
    for _ in range(BATCH + 1):
        make_alert(webhook=webhook)
    assert address_new(now=NOW) == BATCH + 1
    assert len(addresses()) == 2 * (BATCH + 1)


def test_many_partners_cost_no_more_queries_than_one(django_assert_max_num_queries, partner, webhook):
    make_alert(webhook=webhook)
    with CaptureQueriesContext(connection) as alone:
        address_new(now=NOW)
    for _ in range(5):
        make_alert(webhook=make_webhook(partner=make_member().partner))
    with django_assert_max_num_queries(len(alone)):
        assert address_new(now=NOW) == 5
