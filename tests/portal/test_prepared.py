import pytest
from django.db import IntegrityError, connection

from portal import prepared
from portal.prepared import prepared_cursor
from tests.factories import make_partner

pytestmark = pytest.mark.django_db


def kept():
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
    assert [each for each in kept() if "planned once" in each] == ["SELECT 'planned once', $1"]


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite keeps its own")
def test_a_plan_that_suited_a_small_table_does_not_stay(monkeypatch):
    """PostgreSQL itself keeps it until it has counted what was added."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE growing (id integer PRIMARY KEY)")
        cursor.execute("INSERT INTO growing VALUES (0); ANALYZE growing")
        for _ in range(10):
            find(1)
        cursor.execute("INSERT INTO growing SELECT generate_series(1, 10000)")
        assert "Seq Scan" in plan_of("growing")
        monkeypatch.setattr(prepared, "KEPT", 0)
        find(1)
        assert "Index Only Scan" in plan_of("growing")


def find(key):
    with prepared_cursor() as cursor:
        cursor.execute("SELECT id FROM growing WHERE id = %s", [key])


def plan_of(word):
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM pg_prepared_statements WHERE statement LIKE %s", [f"%{word}%"])
        [(name,)] = cursor.fetchall()
        cursor.execute(f'EXPLAIN EXECUTE "{name}"(1)')
        return "\n".join(line for (line,) in cursor.fetchall())


def test_what_the_database_refuses_is_an_error_of_djangos():
    partner = make_partner()
    with pytest.raises(IntegrityError), prepared_cursor() as cursor:
        cursor.execute("INSERT INTO portal_partner (id) VALUES (%s)", [partner.pk])


def test_its_statements_are_counted_like_any_other(django_assert_num_queries):
    with django_assert_num_queries(1), prepared_cursor() as cursor:
        cursor.execute("SELECT 1")


def test_forgetting_plans_is_no_statement_of_the_callers(django_assert_num_queries, monkeypatch):
    """Whoever counts statements would count one more, depending on the second."""
    monkeypatch.setattr(prepared, "KEPT", -1)
    with django_assert_num_queries(1), prepared_cursor() as cursor:
        cursor.execute("SELECT 1")
