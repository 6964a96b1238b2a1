"""PostgreSQL and Redis of an experiment's own, which may be stopped, starved and started again."""

import contextlib
from collections.abc import Iterator

import psycopg
from django.core.management import call_command
from django.db import connection, connections

from tests.servers import Postgres, Redis

__all__ = ["Redis", "database_on", "durable_postgres", "empty"]


@contextlib.contextmanager
def durable_postgres() -> Iterator[Postgres]:
    """Run PostgreSQL with an empty database; what it has committed survives a crash of its processes."""
    with Postgres() as server:
        where = f"host=127.0.0.1 port={server.port} user=portal dbname=postgres"
        with psycopg.connect(where, autocommit=True) as session:
            session.execute("CREATE DATABASE portal")
            # The tests' server answers before a commit is written; an experiment may kill it then.
            session.execute("ALTER DATABASE portal SET synchronous_commit = on")
        yield server


@contextlib.contextmanager
def database_on(server: Postgres) -> Iterator[None]:
    """Connect this process's Django to *server* instead of where its settings say, in all threads."""
    default = connections.settings["default"]
    there = {"ENGINE": "django.db.backends.postgresql", "HOST": "127.0.0.1", "PORT": str(server.port)}
    _connect({**default, **there, "NAME": "portal", "USER": "portal", "PASSWORD": "", "OPTIONS": {}})
    try:
        yield
    finally:
        _connect(default)


def empty() -> None:
    """Make the database as good as new."""
    call_command("migrate", verbosity=0)
    call_command("flush", interactive=False, verbosity=0)


def _connect(settings: dict[str, object]) -> None:
    connection.close()
    connections.settings["default"] = settings
    del connections["default"]
