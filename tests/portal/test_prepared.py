import pytest
from django.db import IntegrityError, connection

from portal.prepared import prepared_cursor
from tests.factories import make_partner

pytestmark = pytest.mark.django_db


def prepared():
    """Return the statements that this connection keeps a plan of."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement FROM pg_prepared_statements")
        return [statement for (statement,) in cursor.fetchall()]


def test_it_returns_what_was_asked_for():
    with prepared_cursor() as cursor:
        cursor.execute("SELECT %s", ["a value"])
        assert cursor.fetchall() == [("a value",)]


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite keeps its own")
def test_a_statement_is_planned_once_for_all_values():
    for value in range(5):
        with prepared_cursor() as cursor:
            cursor.execute("SELECT 'planned once', %s", [value])
    assert [each for each in prepared() if "planned once" in each] == ["SELECT 'planned once', $1"]


def test_what_the_database_refuses_is_an_error_of_djangos():
    partner = make_partner()
    with pytest.raises(IntegrityError), prepared_cursor() as cursor:
        cursor.execute("INSERT INTO portal_partner (id) VALUES (%s)", [partner.pk])


def test_its_statements_are_counted_like_any_other(django_assert_num_queries):
    with django_assert_num_queries(1), prepared_cursor() as cursor:
        cursor.execute("SELECT 1")
