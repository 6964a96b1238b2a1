"""Whatever endpoints send, a worker keeps little of it: measured in a process of its own."""

import gzip
import json
import os
import ssl
import subprocess
import sys
from contextlib import ExitStack
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import pytest
import trustme

from deliveries.causes import Cause
from deliveries.tasks import OBJECTS
from tests.deliveries.sender import HOST
from tests.hostile import OK, Behaviour, Talk, answering, dripping, repeating, serving

pytestmark = pytest.mark.enable_socket

MOST = 50_000_000
EXPECTED = {Cause.TIMEOUT, Cause.CONNECT, Cause.DISCONNECT, Cause.INVALID_RESPONSE, Cause.TLS}
COUNT, DEADLINE = 200, 3.0

HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
BOMB = gzip.compress(bytes(50_000_000), compresslevel=9)

#: What is large, endless or slow; each sent by as many endpoints as it takes.
GREEDY: list[Behaviour] = [
    repeating(b"x" * 65_536, after=HEAD + b"\r\n"),
    repeating(b"10000\r\n" + b"x" * 65_536 + b"\r\n", after=CHUNKED),
    repeating(b"1\r\nx\r\n" * 1_000, after=CHUNKED),
    answering(HEAD + b"Content-Encoding: gzip\r\n\r\n", BOMB),
    answering(HEAD + b"Content-Length: 99999999999\r\n\r\n", then=Talk.hang),
    answering(CHUNKED + b"FFFFFFFFFFFF\r\n", then=Talk.hang),
    answering(CHUNKED + b"1" * 70_000),
    repeating(b"X-T: 1\r\n", after=CHUNKED + b"0\r\n", every=0.001),
    repeating(b"a" * 65_536, after=HEAD + b"X-A: "),
    repeating(b"X-A: 1\r\n" * 99, after=HEAD),
    answering(HEAD + b"Set-Cookie: " + b"c" * 60_000 + b"\r\n\r\n", then=Talk.hang),
    repeating(b"HTTP/1.1 100 Continue\r\n\r\n" * 1_000),
    repeating(b"H" * 65_536),
    dripping(b"x" * 10_000, after=HEAD + b"X-A: "),
    dripping(b"x" * 10_000, after=HEAD + b"Content-Length: 10000\r\n\r\n"),
    answering(then=Talk.hang),
    answering(then=Talk.reset),
    Talk.read_slowly,
    Talk.hang,
    Talk.reset,
]


def test_two_hundred_hostile_endpoints_cost_a_worker_little_memory(
    good_tls: ssl.SSLContext, authority: trustme.CA, tmp_path: Path
) -> None:
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    with ExitStack() as servers:

        def url(behaviour: Behaviour, tls: ssl.SSLContext | None) -> str:
            server = servers.enter_context(serving(behaviour, tls=tls))
            return f"{'https' if tls else 'http'}://{HOST}:{server.port}/"

        healthy = url(answering(OK), good_tls)
        hostile = [url(behaviour, tls) for behaviour in GREEDY for tls in (None, good_tls)]
        told = run(str(tmp_path / "authority.pem"), str(DEADLINE), healthy, *islice(cycle(hostile), COUNT))
    assert told["grown"] < MOST
    assert sum(told["causes"].values()) == COUNT
    assert told["causes"].keys() <= {"answered", *EXPECTED}
    assert len(told["causes"]) >= 4, "Each kind of endpoint was met."
    assert told["after"] == "ok"
    assert told["objects"] < OBJECTS, "Else Python looks for garbage among what is under way."


def run(*arguments: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.deliveries.sender.worker", *arguments],
        env=os.environ | {"WEBHOOKS_ALLOW_LOOPBACK": "true"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told
