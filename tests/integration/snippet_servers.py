"""The programs that the portal shows to partners, run as the servers that they are."""

import http.client
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.integration import node_server
from tests.servers import free_port
from tests.waiting import eventually
from webhooks.verification import FOLDER, snippet_called

HARNESSES = Path(__file__).parent / "snippets"

#: What runs each of them, and the package of Debian's that has it.
PROGRAMS = {
    "node": ("node", "nodejs"),
    "python": (sys.executable, "python3"),
    "php": ("php", "php-cli"),
    "ruby": ("ruby", "ruby"),
    "go": ("go", "golang-go"),
    "java": ("java", "openjdk-17-jdk-headless"),
}

#: Where Go's own installer puts it.
PATH = os.pathsep.join([os.environ["PATH"], "/usr/local/go/bin"])


@dataclass(frozen=True)
class SnippetServer:
    """One of the programs, listening on loopback."""

    port: int

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}/webhook"

    def post(self, body: bytes, headers: Mapping[str, str]) -> int:
        """POST *body* and return the status of the answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("POST", "/webhook", body, {"Content-Type": "application/json", **headers})
            return connection.getresponse().status
        finally:
            connection.close()


def need(language: str) -> None:
    """Skip the test, with what is missing, where the language cannot run; without Node's packages too."""
    program, package = PROGRAMS[language]
    if shutil.which(program, path=PATH) is None:
        pytest.skip(f"needs {program}; Debian's package is called {package}")
    if language == "node":
        node_server.install()


@contextmanager
def snippet_server(language: str, secrets: str, folder: Path) -> Iterator[SnippetServer]:
    """Run the program of *language* with *secrets*; what has to be built goes to *folder*."""
    need(language)
    port = free_port()
    environment = os.environ | {
        "WEBHOOK_SECRETS": secrets,
        "PORT": str(port),
        "PATH": PATH,
        "NODE_PATH": str(node_server.FOLDER / "node_modules"),
    }
    with (
        (folder / "log").open("ab") as log,
        subprocess.Popen(
            _command(language, port, folder), env=environment, stdout=log, stderr=log
        ) as process,
    ):
        try:
            eventually(lambda: _accepts(port) or process.poll() is not None, within=20)
            assert process.poll() is None, (folder / "log").read_text()
            yield SnippetServer(port)
        finally:
            process.kill()


def _command(language: str, port: int, folder: Path) -> list[str]:
    file = str(FOLDER / snippet_called(language).file)
    program = shutil.which(PROGRAMS[language][0], path=PATH) or ""
    if language == "go":
        return [_built(program, file, folder)]
    return [program, *_arguments(language, file, port)]


def _arguments(language: str, file: str, port: int) -> list[str]:
    return {
        "node": [file],
        "python": [str(HARNESSES / "project.py"), file, str(port)],
        "php": ["-S", f"127.0.0.1:{port}", file],
        "ruby": [str(HARNESSES / "rack.rb"), file, str(port)],
        "java": [file],
    }[language]


def _built(go: str, file: str, folder: Path) -> str:
    """Build Go's program; `go run` would outlive being killed."""
    program = folder / "webhook"
    done = subprocess.run(
        [go, "build", "-o", str(program), file], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return str(program)


def _accepts(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
