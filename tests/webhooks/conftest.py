"""Who opens a page: every view's tests climb the same ladder of visitors."""

import pytest
from django.test import Client

from tests.factories import make_member, make_partner


@pytest.fixture
def partner(db):
    return make_partner(name="Northwind Lending")


@pytest.fixture
def owner(partner):
    """The browser of an owner of the partner."""
    return _client_of(make_member(partner=partner))


@pytest.fixture
def developer(partner):
    return _client_of(make_member(partner=partner, role="developer"))


@pytest.fixture
def viewer(partner):
    return _client_of(make_member(partner=partner, role="viewer"))


@pytest.fixture
def stranger(db):
    """The browser of an owner of another partner."""
    return _client_of(make_member())


@pytest.fixture
def nobody(db):
    """A browser that is not logged in."""
    return Client()


def _client_of(member):
    client = Client()
    client.force_login(member.user)
    return client
