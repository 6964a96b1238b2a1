"""Servers of their own for experiments that stop and starve them, and processes shaped for them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.servers import Redis, database_on, durable_postgres, empty
from tests.faults.stack import ShapedStack
from tests.servers import Postgres


@pytest.fixture(scope="session")
def session_postgres() -> Iterator[Postgres]:
    with durable_postgres() as server:
        yield server


@pytest.fixture
def postgres(session_postgres: Postgres, django_db_blocker) -> Iterator[Postgres]:
    """PostgreSQL with an empty database, to which this test's Django is connected."""
    with django_db_blocker.unblock(), database_on(session_postgres):
        empty()
        yield session_postgres


@pytest.fixture
def redis() -> Iterator[Redis]:
    with Redis() as server:
        yield server


@pytest.fixture
def stack(postgres: Postgres, redis: Redis, tmp_path: Path) -> Iterator[ShapedStack]:
    """Real processes on the two servers; see tests/stack.py and tests/faults/shaped.py."""
    processes = ShapedStack(tmp_path, redis.url)
    try:
        yield processes
    finally:
        processes.end()
