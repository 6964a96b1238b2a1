"""
The harness's two verbs for the portal: `setup FILE` and `emit TOPIC N RATE FIRST OUT`.

FILE holds lines "topic url"; each topic is a partner. `emit` prints READY, waits for a line on stdin, sends N
signals, prints DONE, and waits for the end of stdin; OUT gets lines "marker before_ns after_ns".
"""

import sys
import time
from itertools import cycle
from pathlib import Path

import django
import psycopg

BENCH = "host=127.0.0.1 port=27543 user=bench dbname=postgres"

#: Makes the body about 900 bytes long, as the other packages' are.
PADDING = "x" * 700


def main(verb: str, *arguments: str) -> None:
    if verb == "setup":
        _recreate_database()
    django.setup()
    (setup if verb == "setup" else emit)(*arguments)


def setup(file: str) -> None:
    """Migrate, and give each topic's partner its webhooks."""
    from django.core.management import call_command  # noqa: PLC0415 - after django.setup()

    from portal.models import Partner  # noqa: PLC0415
    from webhooks.models import Webhook  # noqa: PLC0415

    call_command("migrate", verbosity=0)
    for line in Path(file).read_text().splitlines():
        topic, url = line.split()
        partner, _ = Partner.objects.get_or_create(slug=topic, defaults={"name": topic})
        Webhook.objects.create(partner=partner, url=url)


def emit(topic: str, count: str, rate: str, first: str, out: str) -> None:
    """Send *count* signals, *rate* a second or (0) as fast as they go, to each partner named so in turn."""
    from deliveries.events import Verification  # noqa: PLC0415 - after django.setup()
    from deliveries.signals import verification_completed  # noqa: PLC0415
    from portal.models import Partner  # noqa: PLC0415

    partners = list(Partner.objects.filter(slug__startswith=topic))
    print("READY", flush=True)
    sys.stdin.readline()
    begun, rows = time.monotonic(), []
    for number, partner in zip(range(int(count)), cycle(partners)):  # to nobody if there is none
        if float(rate):
            time.sleep(max(0, begun + number / float(rate) - time.monotonic()))
        marker = int(first) + number
        before = time.monotonic_ns()
        verification_completed.send(
            sender=None,
            partner=partner,
            verification=Verification(
                verification_id=f"evt-{marker:08d}", session_id=marker, proof_data={"padding": PADDING}
            ),
        )
        rows.append(f"{marker} {before} {time.monotonic_ns()}\n")
    Path(out).write_text("".join(rows))
    print("DONE", flush=True)
    sys.stdin.read()


def _recreate_database() -> None:
    """Begin with an empty one: an earlier commit's may be of another shape."""
    with psycopg.connect(BENCH, autocommit=True) as server:
        server.execute("DROP DATABASE IF EXISTS bench_portal WITH (FORCE)")
        server.execute("CREATE DATABASE bench_portal")


if __name__ == "__main__":
    main(*sys.argv[1:])
