"""What every test gets: rules of the run, and nothing to import."""

import gc
import os
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from django.db import connection
from hypothesis import settings as hypothesis

from tests.receiver import Receiver
from tests.stack import Stack

# The same examples on every run: a failure in CI is one that everybody can repeat.
hypothesis.register_profile("ci", deadline=None, derandomize=True, database=None)
hypothesis.register_profile("dev", deadline=None)
hypothesis.load_profile("ci" if os.environ.get("CI") else "dev")

#: Where tests start real processes, which talk to each other over this machine's own network.
NETWORKED = ("integration", "browser", "faults")
LOOPBACK = ["127.0.0.0/8", "::1", "localhost"]

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")

#: What a test asks for that looks into a database; so does whatever is marked django_db.
DATABASE = {"db", "transactional_db", "django_db_setup"}

#: On the second engine a walk takes one step of so many; prime, so that it meets every stranger and method.
STRIDE = 7


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--second-engine",
        action="store_true",
        help=f"leave out what the run on the first database has proven: tests that ask none, "
        f"and all but every {STRIDE}th case of what is marked walk",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("second_engine"):
        proven = set(items) - set(worth_a_second_engine(items))
        config.hook.pytest_deselected(items=list(proven))
        items[:] = [item for item in items if item not in proven]
    tests = Path(__file__).parent
    for item in items:
        if item.path.relative_to(tests).parts[0] in NETWORKED:
            item.add_marker(pytest.mark.allow_hosts(LOOPBACK))
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


def pytest_collection_finish() -> None:
    # What was collected stays to the end: nobody need look again and again whether it is garbage.
    gc.collect()
    gc.freeze()


def worth_a_second_engine(items: list[pytest.Item]) -> Iterator[pytest.Item]:
    """Yield what may differ there from the first: what asks a database, and of each walk a sample."""
    steps: Counter[str] = Counter()
    for item in items:
        if item.get_closest_marker("walk"):
            function = item.nodeid.partition("[")[0]
            steps[function] += 1
            if steps[function] % STRIDE != 1:
                continue
        if _asks_a_database(item):
            yield item


def _asks_a_database(item: pytest.Item) -> bool:
    fixtures = set(getattr(item, "fixturenames", ()))
    return item.get_closest_marker("django_db") is not None or bool(fixtures & DATABASE)


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("postgres") and connection.vendor != "postgresql":
        pytest.skip("needs PostgreSQL; `make test` runs it there")
    if item.get_closest_marker("redis") and "TEST_REDIS_URL" not in os.environ:
        pytest.skip("needs Redis; `make test` runs it there, if it finds a redis-server")
    if item.get_closest_marker("browser") and not any(map(shutil.which, CHROMIUM)):
        without = pytest.fail if os.environ.get("REQUIRE_BROWSER") == "1" else pytest.skip
        without("needs Chromium; Debian's package is called chromium")


@pytest.fixture(autouse=True)
def closed_way_out(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Close the sender's sockets too where sockets are closed: pytest-socket does not know gevent's."""
    if not any(map(request.node.get_closest_marker, ("enable_socket", "allow_hosts"))):
        monkeypatch.setattr("gevent.socket.socket", _blocked)


def _blocked(*_: object, **__: object) -> None:
    pytest.fail("This test opened a socket; where it must, mark it enable_socket.")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A partner's endpoint that records what arrives; see tests/receiver.py."""
    with Receiver() as endpoint:
        yield endpoint


@pytest.fixture
def stack(transactional_db: None, tmp_path: Path) -> Iterator[Stack]:
    """Real processes on this test's database, and on Redis where the run has one; see tests/stack.py."""
    processes = Stack(tmp_path, redis_url())
    try:
        yield processes
    finally:
        processes.end()


def redis_url() -> str | None:
    """Return a Redis database of this test process's own, emptied."""
    server = os.environ.get("TEST_REDIS_URL")
    if server is None or connection.vendor == "sqlite":
        return None
    number = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    url = f"{server}/{number}"
    redis.from_url(url).flushdb()
    return url
