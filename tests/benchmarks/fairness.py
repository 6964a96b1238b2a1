"""
What others feel of a neighbour: the delays of 50 healthy endpoints beside none, and beside each bad one.

    python -m tests.benchmarks.fairness [SECONDS [NEIGHBOUR ...]]

The neighbours: `hanging` (1,000 endpoints of one partner that never answer), `strangers` (1,000 partners with
one such endpoint each), `flood` (another partner is owed 100,000 at once) and `slow` (an endpoint that
answers after 9 s is owed 10,000). 50 events a second go to the healthy endpoints, one each. Needs the
harness's services; see harness/README.md.
"""

import argparse
import json
import sys
import time
from pathlib import Path

import psycopg

BENCHMARKS = Path(__file__).parent
sys.path.insert(0, str(BENCHMARKS / "harness"))

import measure  # noqa: E402 - a script of its own, beside its receiver

DATABASE = "host=127.0.0.1 port=27543 user=bench dbname=bench_portal"
HEALTHY, RATE, HANGING, FLOOD, OWED_TO_SLOW = 50, 50, 1_000, 100_000, 10_000

#: What the neighbour's endpoints do, and how many there are.
NEIGHBOURS = {
    "nobody": ("ok", 0),
    "hanging": ("hang/10000", HANGING),
    "strangers": ("hang/10000", HANGING),
    "flood": ("ok", 1),
    "slow": ("hang/9000", 1),
}

OWE = """
INSERT INTO deliveries_delivery (public_id, event_id, webhook_id, partner_id, status, is_test, attempt_count,
  round_start, last_cause, created_at, next_attempt_at)
SELECT 'msg_owed' || n, event_id, webhook_id, partner_id, 'pending', false, 0, 0, '', now(), now()
FROM generate_series(1, %s) AS n, (
  SELECT event_id, webhook_id, partner_id FROM deliveries_delivery
  WHERE partner_id = (SELECT id FROM portal_partner WHERE slug = 'b') LIMIT 1) AS one
"""


def main(seconds: int, neighbours: list[str]) -> None:
    """Measure without a neighbour, then with each, and print delays and their ratios."""
    usual = delays("nobody", seconds)
    report("nobody", usual, usual)
    for neighbour in neighbours:
        report(neighbour, delays(neighbour, seconds), usual)


def delays(neighbour: str, seconds: int) -> dict[str, float]:
    """Return p50 and p99 of emit to received, in milliseconds, and what the neighbour received meanwhile."""
    path, count = NEIGHBOURS[neighbour]
    bench = measure.Bench(str(BENCHMARKS / "portal"), "one")
    theirs = [
        (
            f"b{i}" if neighbour == "strangers" else "b",
            f"http://127.0.0.{60 + i % 20}:{measure.PORT}/{path}/b{i}",
        )
        for i in range(count)
    ]
    ours = [(f"a{i}", f"http://127.0.0.{2 + i}:{measure.PORT}/ok/{i}") for i in range(HEALTHY)]
    bench.setup([*ours, *theirs])
    try:
        bench.start()
        measure.warm(bench, 1, 2 * HEALTHY)
        measure.ctl("reset")
        if theirs:
            burden(bench, neighbour)
        healthy = bench.emitter("a", RATE * seconds, RATE)
        bench.go(healthy)
        bench.done(healthy)
        time.sleep(3)
        return received(healthy["times"])
    finally:
        bench.stop(measure.signal.SIGKILL)


def burden(bench: measure.Bench, neighbour: str) -> None:
    """Owe the neighbour what it is here for."""
    event = bench.emitter("b", HANGING if neighbour == "strangers" else 1, 0)
    bench.go(event)
    bench.done(event)
    if owed := {"flood": FLOOD, "slow": OWED_TO_SLOW}.get(neighbour):
        with psycopg.connect(DATABASE, autocommit=True) as database:
            database.execute(OWE, [owed])
    time.sleep(1)


def received(sent: dict[int, tuple[int, int]]) -> dict[str, float]:
    first: dict[int, int] = {}
    theirs = 0
    for moment, marker, _, (_, path), _ in measure.dump():
        if "/b" in path:
            theirs += 1
        else:
            first.setdefault(marker, moment)
    took = [(first[marker] - began) / 1e6 for marker, (began, _) in sent.items() if marker in first]
    return {
        "missing": len(sent) - len(took),
        "p50": measure.pct(took, 0.5),
        "p99": measure.pct(took, 0.99),
        "theirs": theirs,
    }


def report(neighbour: str, found: dict[str, float], usual: dict[str, float]) -> None:
    ratios = {name: round(found[name] / usual[name], 2) for name in ("p50", "p99")}
    print(
        json.dumps({"beside": neighbour, **{k: round(v, 1) for k, v in found.items()}, "ratio": ratios}),
        flush=True,
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("seconds", type=int, nargs="?", default=60)
    parser.add_argument("neighbours", nargs="*", default=["hanging", "strangers", "flood", "slow"])
    arguments = parser.parse_args()
    main(arguments.seconds, arguments.neighbours)
