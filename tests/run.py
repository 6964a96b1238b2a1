"""
`make test`: every suite on every engine it must hold on.

PostgreSQL, which production runs on, is asked everything. SQLite is asked again whatever asks a database,
and a sample of the walks over all pages; see `--second-engine` in tests/conftest.py. Beside the tests that
compute go those that mostly wait for processes.

Arguments go to each pytest, for example: make test ARGS="-k retry".
"""

import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO
from urllib.parse import urlsplit

import pytest

from tests.servers import Postgres, Redis, Server, ServerUnavailable

#: What would lead the tests astray, or compile each file again in every process, if a shell had it set.
UNWANTED = (
    "ALLOWED_HOSTS",
    "CSRF_TRUSTED_ORIGINS",
    "DATABASE_URL",
    "DEBUG",
    "EMAIL_URL",
    "FIELD_ENCRYPTION_KEYS",
    "PYTHONDONTWRITEBYTECODE",
    "REDIS_URL",
    "SECRET_KEY",
    "WEBHOOKS_ALLOW_LOOPBACK",
)

UNITS = ["--ignore=tests/integration", "--ignore=tests/browser", "--ignore=tests/faults"]
PROCESSES = [str(folder) for name in ("integration", "browser") if (folder := Path("tests", name)).is_dir()]


@dataclass
class Run:
    """One pytest run: its title, its arguments, and its environment."""

    title: str
    arguments: list[str]
    environment: dict[str, str] = field(default_factory=dict)

    def start(self, more: list[str], output: IO[str] | None) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "pytest", "-n", "2", "--dist", "worksteal", *self.arguments, *more]
        return subprocess.Popen(
            command,
            env=_clean() | self.environment,
            stdout=output,
            stderr=output,
            text=True,
        )


def main(more: list[str]) -> int:
    """Run all suites, and return 1 if any failed."""
    begun = time.monotonic()
    with ExitStack() as servers:
        results = [result for runs in _runs(servers) for result in _side_by_side(runs, more)]
    print()
    for title, succeeded in results:
        print(f"{'ok    ' if succeeded else 'FAILED'} {title}")
    print(f"{time.monotonic() - begun:.0f} s in all, in which the processors worked {_worked():.0f} s")
    return 0 if all(succeeded for _, succeeded in results) else 1


def _worked() -> float:
    """Return the seconds that all processes of the tests computed for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _side_by_side(runs: list[Run], more: list[str]) -> Iterator[tuple[str, bool]]:
    """Show the first run as it goes, and the others when their turn comes."""
    with ExitStack() as files:
        outputs = [None, *(files.enter_context(TemporaryFile("w+")) for _ in runs[1:])]
        print(f"\n=== {runs[0].title}", flush=True)
        processes = [run.start(more, output) for run, output in zip(runs, outputs, strict=True)]
        try:
            for run, process, output in zip(runs, processes, outputs, strict=True):
                code = process.wait()
                if output:
                    output.seek(0)
                    print(f"\n=== {run.title}\n{output.read()}", flush=True)
                yield run.title, code == 0 or (bool(more) and code == pytest.ExitCode.NO_TESTS_COLLECTED)
        finally:
            for process in processes:
                process.wait()


def _runs(servers: ExitStack) -> Iterator[list[Run]]:
    """Return the runs; those of one list go side by side, on databases of their own."""
    server = _url(servers, Postgres, "TEST_DATABASE_URL")
    units = Run("Units on PostgreSQL", UNITS, {"DATABASE_URL": server})
    yield [units, _processes_on(server, servers)]
    again = [*UNITS, "-m", "not postgres", "--second-engine"]
    once = "not postgres and not redis and not node and not runtimes and not browser"
    yield [
        Run("Units on SQLite: what asks a database, and a sample of the walks", again),
        Run(
            "Processes on SQLite, without a server",
            [*PROCESSES, "-m", once],
            {"DATABASE_URL": "sqlite:///processes"},
        ),
    ]


def _processes_on(server: str, servers: ExitStack) -> Run:
    its_own = urlsplit(server)._replace(path=f"{urlsplit(server).path}_processes")
    environment = {"DATABASE_URL": its_own.geturl()}
    try:
        redis = {"TEST_REDIS_URL": _url(servers, Redis, "TEST_REDIS_URL")}
    except ServerUnavailable as reason:
        return Run(f"Processes on PostgreSQL, without Redis: {reason}", PROCESSES, environment)
    return Run("Processes on PostgreSQL and Redis", PROCESSES, environment | redis)


def _url(servers: ExitStack, server: type[Server], variable: str) -> str:
    """Return the server that the environment names, else start one."""
    return os.environ.get(variable) or servers.enter_context(server()).url


def _clean() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in UNWANTED}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
