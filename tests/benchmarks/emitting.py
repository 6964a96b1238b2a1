"""
What one event costs the backend: milliseconds of waiting, of its own CPU and of PostgreSQL's.

    python -m tests.benchmarks.emitting [EVENTS WEBHOOKS]

Each event commits, as a backend's does. On an empty database beside the harness's own; nothing is sent,
since no worker runs. Needs the harness's services; see harness/README.md.
"""

import os
import sys
import time
from pathlib import Path

import psycopg

BENCHMARKS = Path(__file__).parent
sys.path.insert(0, str(BENCHMARKS / "harness"))

import measure  # noqa: E402 - a script of its own, beside its receiver

SERVER = "host=127.0.0.1 port=27543 user=bench dbname=postgres"
os.environ |= {
    "DATABASE_URL": "postgres://bench@127.0.0.1:27543/bench_emitting",
    "REDIS_URL": "redis://127.0.0.1:27639/4",
    "LOG_LEVEL": "WARNING",
}


def main(events: int, webhooks: int) -> None:
    """Emit *events*, owed to *webhooks* each, and print what each cost."""
    recreate_database()
    import django  # noqa: PLC0415 - the database comes first

    django.setup()
    partner = partner_with(webhooks)
    emit(partner, 100)
    began, cpu, server = time.monotonic(), time.process_time(), server_cpu()
    emit(partner, events)
    spent = {
        "wall": time.monotonic() - began,
        "own": time.process_time() - cpu,
        "postgresql": server_cpu() - server,
    }
    print({name: round(seconds / events * 1000, 3) for name, seconds in spent.items()})


def recreate_database() -> None:
    with psycopg.connect(SERVER, autocommit=True) as server:
        server.execute("DROP DATABASE IF EXISTS bench_emitting WITH (FORCE)")
        server.execute("CREATE DATABASE bench_emitting")


def partner_with(webhooks: int):
    from django.core.management import call_command  # noqa: PLC0415 - after django.setup()

    from tests.factories import make_partner, make_webhook  # noqa: PLC0415

    call_command("migrate", verbosity=0)
    partner = make_partner()
    for _ in range(webhooks):
        make_webhook(partner=partner)
    return partner


def emit(partner, events: int) -> None:
    from deliveries.events import Verification  # noqa: PLC0415 - after django.setup()
    from deliveries.signals import verification_completed  # noqa: PLC0415

    for number in range(events):
        verification = Verification(
            verification_id=f"evt-{number:08d}", session_id=number, proof_data={"padding": "x" * 700}
        )
        verification_completed.send(sender=None, partner=partner, verification=verification)


def server_cpu() -> float:
    return float(measure.cpu([measure.pidfile("postgres")]))


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    main(*map(int, sys.argv[1:] or (3000, 1)))
