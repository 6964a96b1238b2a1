"""What every test gets: rules of the run, and nothing to import."""

import os
import shutil
from pathlib import Path

import pytest
from django.db import connection
from hypothesis import settings as hypothesis

# The same examples on every run: a failure in CI is one that everybody can repeat.
hypothesis.register_profile("ci", deadline=None, derandomize=True, database=None)
hypothesis.register_profile("dev", deadline=None)
hypothesis.load_profile("ci" if os.environ.get("CI") else "dev")

#: Where tests start real processes, which talk to each other over this machine's own network.
NETWORKED = ("integration", "browser")
LOOPBACK = ["127.0.0.0/8", "::1", "localhost"]

#: Programs that some machines do not have, by marker; any one of each line's alternatives will do.
PROGRAMS: dict[str, list[tuple[str, ...]]] = {
    "node": [("node",), ("npm",)],
    "browser": [("chromium", "chromium-browser", "google-chrome")],
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    tests = Path(__file__).parent
    for item in items:
        if item.path.relative_to(tests).parts[0] in NETWORKED:
            item.add_marker(pytest.mark.allow_hosts(LOOPBACK))


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker, programs in PROGRAMS.items():
        if item.get_closest_marker(marker):
            _require(marker, programs)
    if item.get_closest_marker("postgres") and connection.vendor != "postgresql":
        pytest.skip("needs PostgreSQL; `make test` runs it there")
    if item.get_closest_marker("redis") and "TEST_REDIS_URL" not in os.environ:
        pytest.skip("needs Redis; `make test` runs it there, if it finds a redis-server")


def _require(marker: str, programs: list[tuple[str, ...]]) -> None:
    missing = [names[0] for names in programs if not any(map(shutil.which, names))]
    if not missing:
        return
    reason = f"{' and '.join(missing)} not found on the PATH"
    if os.environ.get(f"REQUIRE_{marker.upper()}") == "1":
        pytest.fail(reason)
    pytest.skip(reason)
