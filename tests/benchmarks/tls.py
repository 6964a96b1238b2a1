"""
Deliveries over real TLS beside plain HTTP, by two workers, turn by turn in one run.

    python -m tests.benchmarks.tls [EVENTS]

Each event goes to 50 endpoints. stunnel speaks TLS for the harness's receiver; it is not counted, but needs
a processor too. Needs the harness's services, see harness/README.md, and stunnel (Debian's stunnel4).
"""

import json
import os
import subprocess
import sys
import tempfile
from argparse import Namespace
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import trustme

BENCHMARKS = Path(__file__).parent
sys.path.insert(0, str(BENCHMARKS / "harness"))

import measure  # noqa: E402 - a script of its own, beside its receiver

PORT, ENDPOINTS = 27_991, 50
HOSTS = [f"127.0.0.{2 + number}" for number in range(ENDPOINTS)]

FIGURES = ("want", "got", "per_s", "cpu_worker_k", "cpu_pg_k", "conns_per_delivery")

STUNNEL = """
foreground = yes
debug = crit
pid =
[receiver]
accept = 0.0.0.0:{port}
connect = {receiver}
cert = {certificate}
"""


def main(events: int) -> None:
    """Print what is delivered a second, and what it costs, twice over each."""
    with receiver() as authority:
        os.environ["FAULTS_AUTHORITY"] = authority
        for scheme in ("https", "http") * 2:
            print(json.dumps({"over": scheme, **deliver(scheme, events)}), flush=True)


@contextmanager
def receiver() -> Iterator[str]:
    """Speak TLS for the receiver, and yield the path of the certificate of who vouches for that."""
    authority = trustme.CA()
    leaf = authority.issue_cert(*HOSTS)
    with ExitStack() as files:
        certificate = files.enter_context(leaf.private_key_and_cert_chain_pem.tempfile())
        settings = files.enter_context(tempfile.NamedTemporaryFile("w"))
        settings.write(
            STUNNEL.format(port=PORT, receiver=f"{measure.HOST}:{measure.PORT}", certificate=certificate)
        )
        settings.flush()
        server = subprocess.Popen(["stunnel", settings.name])
        try:
            yield files.enter_context(authority.cert_pem.tempfile())
        finally:
            server.kill()


def deliver(scheme: str, events: int) -> dict[str, float]:
    """Return the harness's figures of deliveries over *scheme*."""
    port = PORT if scheme == "https" else measure.PORT
    measure.urls = lambda *_: [
        ("a", f"{scheme}://{host}:{port}/ok/{number}") for number, host in enumerate(HOSTS)
    ]
    found = measure.throughput(
        Namespace(
            adapter=str(BENCHMARKS / "portal"),
            workers="trusting",
            endpoints=ENDPOINTS,
            events=events,
            delay_ms=0,
            limit=600,
        )
    )
    return {name: found[name] for name in FIGURES}


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
