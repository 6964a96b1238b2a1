"""The documented receivers, run in real Node: how to install, start and ask them."""

import fcntl
import http.client
import json
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from webhooks.secret_keys import standard_secret

FOLDER = Path(__file__).parent / "node"

#: Where the documentation's examples listen, below their own name in server.js.
PATH = "/webhook/cr3dentials"


def install(folder: Path = FOLDER) -> None:
    """Install missing packages; where that fails, skip the test, or fail it with REQUIRE_NODE=1."""
    # Test processes that run side by side share the folder.
    with (folder / "package-lock.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _is_installed(folder):
            _npm_ci(folder)


def _is_installed(folder: Path) -> bool:
    installed = folder / "node_modules" / ".package-lock.json"
    return installed.exists() and installed.stat().st_mtime >= (folder / "package-lock.json").stat().st_mtime


def _npm_ci(folder: Path) -> None:
    command = ["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if not done.returncode:
        return
    reason = f"npm ci failed: {done.stderr[:500]}"
    if os.environ.get("REQUIRE_NODE") == "1":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def rewrite(documents: Sequence[bytes]) -> list[bytes]:
    """Return each JSON document as Node writes it after reading it."""
    lines = b"\n".join(documents)
    done = subprocess.run(["node", "rewrite.js"], cwd=FOLDER, input=lines, capture_output=True, check=True)
    return done.stdout.split(b"\n")


@dataclass(frozen=True)
class NodeServer:
    """The receivers of tests/integration/node, listening on loopback."""

    port: int

    def url(self, receiver: str) -> str:
        """Return the URL of a receiver: basic, verifying, duplicates, standardwebhooks or svix."""
        return f"http://127.0.0.1:{self.port}/{receiver}{PATH}"

    def post(self, receiver: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, Any]:
        """POST *body* and return the answer's status and JSON."""
        return self._ask("POST", f"/{receiver}{PATH}", body, {"Content-Type": "application/json", **headers})

    def processed(self) -> list[Any]:
        """Return what the partner's code behind the basic and duplicates receivers was given so far."""
        _, processed = self._ask("GET", "/processed", None, {})
        return list(processed)

    def _ask(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, body, dict(headers))
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()


@contextmanager
def node_server(secret: str) -> Iterator[NodeServer]:
    """Run the documented receivers of a partner whose webhook has *secret*."""
    install()
    environment = os.environ | {
        "WEBHOOK_SECRET": secret,
        "STANDARD_SECRET": standard_secret(secret),
        "NODE_ENV": "test",
    }
    with subprocess.Popen(
        ["node", "server.js"],
        cwd=FOLDER,
        env=environment,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        try:
            yield NodeServer(port=int(process.stdout.readline()))
        finally:
            process.terminate()
