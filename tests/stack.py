"""The portal as it really runs: web, workers and beat as processes of their own, on the test's database."""

import os
import signal
import subprocess
import sys
import urllib.parse
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection

from portal import celery_app
from tests.servers import free_port
from tests.waiting import eventually

#: How long a process may take to get ready or to stop, in seconds.
PATIENCE = 20.0

#: As in the Procfile.
WORKER = (
    "celery --app portal worker --pool threads --concurrency 4 "
    "--without-gossip --without-mingle --without-heartbeat --loglevel INFO"
)


class Process:
    """One process of the stack; what it prints is in `log`."""

    def __init__(self, name: str, command: list[str], environment: dict[str, str], log: Path) -> None:
        self.name = name
        self.log = log
        with log.open("wb") as output:
            self._popen = subprocess.Popen(
                command,
                cwd=settings.BASE_DIR,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self.ended_by_us = False

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def running(self) -> bool:
        return self._popen.poll() is None

    def stop(self, *, within: float = PATIENCE) -> None:
        """Ask it to end, as a deploy does, and wait until it has."""
        self._end(signal.SIGTERM, within)

    def kill(self) -> None:
        """End it as kill -9 does, with everything it has started."""
        self._end(signal.SIGKILL, PATIENCE)

    def wait_to_die(self) -> None:
        """Wait until it has ended by itself, as an experiment told it to."""
        self._popen.wait(PATIENCE)
        self.ended_by_us = True

    def pause(self) -> None:
        """Stop it in the middle of whatever it does."""
        os.killpg(self._popen.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on where it was paused."""
        os.killpg(self._popen.pid, signal.SIGCONT)

    def wait_to_say(self, text: str) -> None:
        """Wait until *text* is in its log; fail if it ends or stays silent."""
        eventually(lambda: text in self.log.read_text() or not self.running, within=PATIENCE)
        assert self.running, f"The {self.name} ended:\n{self.log.read_text()}"

    def _end(self, how: signal.Signals, within: float) -> None:
        self.ended_by_us = True
        if self.running:
            os.killpg(self._popen.pid, how)
            self._popen.wait(within)


class Stack:
    """
    Starts the portal's processes, and ends them all with the test.

    Rows made by the test are theirs too, and the other way round: they share the test's database.
    """

    def __init__(self, folder: Path, redis_url: str | None) -> None:
        self.folder = folder
        self.processes: list[Process] = []
        self._number = count()
        self._redis_url = redis_url
        self._environment = _environment(folder, redis_url)
        self.connect()

    def connect(self) -> None:
        """Let the wakes that the test itself causes reach the workers too."""
        if self._redis_url:
            _connect(self._redis_url, {})
        else:
            _connect("embedded://localhost", {"folder": str(self.folder / "broker")})

    def worker(self, **environment: str) -> Process:
        """Start a Celery worker, and return when it is ready for wakes."""
        worker = self.start("worker", *WORKER.split(), **environment)
        worker.wait_to_say(" ready.")
        return worker

    def beat(self, **environment: str) -> Process:
        """Start beat, which sweeps for what no wake announced."""
        beat = self.start("beat", *"celery --app portal beat --loglevel INFO".split(), **environment)
        beat.wait_to_say("beat: Starting")
        return beat

    def web(self, **environment: str) -> tuple[Process, str]:
        """Start the portal, and return its process and its address."""
        address = f"127.0.0.1:{free_port()}"
        web = self.start(
            "web",
            *f"gunicorn portal.wsgi --no-control-socket --bind {address} --threads 4".split(),
            **environment,
        )
        web.wait_to_say("Booting worker")
        return web, f"http://{address}"

    def manage(self, *arguments: str, **environment: str) -> str:
        """Run manage.py to its end and return what it printed; fail if it failed."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=settings.BASE_DIR,
            env=self._environment | environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def start(self, name: str, program: str, *arguments: str, **environment: str) -> Process:
        """Start one of the installed programs."""
        command = [str(Path(sys.executable).with_name(program)), *arguments]
        log = self.folder / f"{name}-{next(self._number)}.log"
        process = Process(name, command, self._environment | environment, log)
        self.processes.append(process)
        return process

    def end(self, *, but: Process | None = None) -> None:
        """Kill what still runs, show all logs (pytest keeps them for failures), fail for what crashed."""
        crashed = [process.name for process in self.processes if not process.running | process.ended_by_us]
        _connect(settings.CELERY_BROKER_URL, settings.CELERY_BROKER_TRANSPORT_OPTIONS)
        for process in self.processes:
            if process is not but:
                process.kill()
            print(f"--- {process.log.name}\n{process.log.read_text()}")
        self.processes = [process for process in self.processes if process is but]
        assert not crashed, f"ended by itself: {', '.join(crashed)}"


def _connect(broker_url: str, options: Mapping[str, Any]) -> None:
    """Point this process's Celery at another broker, as a fresh process would be."""
    celery_app.conf.update(broker_url=broker_url, broker_transport_options=options)
    celery_app._pool = celery_app.amqp._producer_pool = None


def _environment(folder: Path, redis_url: str | None) -> dict[str, str]:
    inherited = {name: os.environ[name] for name in ("HOME", "PATH", "LANG") if name in os.environ}
    return {
        **inherited,
        "DJANGO_SETTINGS_MODULE": "tests.process_settings",
        "DATABASE_URL": _database_url(),
        "REDIS_URL": redis_url or "",
        "SECRET_KEY": settings.SECRET_KEY,
        "FIELD_ENCRYPTION_KEYS": ",".join(settings.FIELD_ENCRYPTION_KEYS),
        "WEBHOOKS_ALLOW_LOOPBACK": "true",
        "TESTS_FOLDER": str(folder),
        "PYTHONUNBUFFERED": "1",
    }


def _database_url() -> str:
    """Return the URL of the database that the test is connected to."""
    database = {
        name: urllib.parse.quote(str(value), safe="") for name, value in connection.settings_dict.items()
    }
    if connection.vendor == "sqlite":
        return f"sqlite:///{connection.settings_dict['NAME']}"
    return "postgres://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**database)
