"""A member of several partners looks at one of them."""

import pytest

from tests.factories import make_member, make_partner, make_webhook

pytestmark = pytest.mark.django_db

SWITCH = "/partner/"


@pytest.fixture
def member(client):
    """A member of Alpha, then of Beta."""
    alpha = make_member(partner=make_partner(name="Alpha", slug="alpha"))
    make_member(partner=make_partner(name="Beta", slug="beta"), user=alpha.user)
    client.force_login(alpha.user)
    return alpha


def test_it_shows_the_chosen_partners_webhooks_from_here_on(client, member):
    theirs = make_webhook(partner=member.user.memberships.get(partner__slug="beta").partner)
    assert theirs.host not in client.get("/webhooks/").content.decode()
    assert client.post(SWITCH, {"partner": "beta"})["Location"] == "/webhooks/"
    page = client.get("/webhooks/").content.decode()
    assert theirs.host in page
    assert '<option value="beta" selected>' in page


@pytest.mark.parametrize("slug", ["gamma", "nothing", "", "be\0ta"])
def test_another_partner_is_as_absent_as_one_that_never_was(client, member, slug):
    make_partner(slug="gamma")
    assert client.post(SWITCH, {"partner": slug}).status_code == 404


def test_a_partner_that_one_has_left_is_left(client, member):
    client.post(SWITCH, {"partner": "beta"})
    member.user.memberships.filter(partner__slug="beta").delete()
    assert "Alpha" in client.get("/webhooks/").content.decode()


def test_a_member_of_one_partner_has_no_choice(client):
    client.force_login(make_member().user)
    assert SWITCH not in client.get("/webhooks/").content.decode()


def test_it_is_never_done_by_a_link(client, member):
    assert client.get(SWITCH).status_code == 405


def test_whoever_is_not_logged_in_is_sent_to_the_login(client):
    assert client.post(SWITCH, {"partner": "beta"})["Location"] == "/login/?next=/partner/"
