"""
CPU milliseconds a row of the engine's own steps, on the migrated database that DATABASE_URL names.

    python -m tests.benchmarks.batches [DELIVERIES WEBHOOKS BATCH]

Everything happens in one transaction that is rolled back.
"""

import sys
import time
from collections import Counter

import django

django.setup()

from django.db import transaction  # noqa: E402 - models need the settings
from django.utils import timezone  # noqa: E402

from deliveries.engine.claim import Claimer, Leased  # noqa: E402
from deliveries.engine.record import Outcome, record  # noqa: E402
from deliveries.engine.render import render  # noqa: E402
from deliveries.engine.shares import Shares  # noqa: E402
from tests.factories import make_delivery, make_event, make_partner, make_webhook  # noqa: E402


def measure(deliveries: int, webhooks: int, batch: int) -> None:
    """Claim, render and record all *deliveries*, and print what each step cost a row."""
    partner = make_partner()
    targets = [make_webhook(partner=partner) for _ in range(webhooks)]
    for number in range(deliveries):
        make_delivery(webhook=targets[number % webhooks], event=make_event(partner=partner))
    claimer, shares, spent = Claimer(), Shares(places=deliveries * 2, slow=deliveries), Counter[str]()

    def claim():
        return claimer.claim(now=timezone.now(), limit=batch, shares=shares).leased

    while leased := timed(spent, "claim", claim):
        outcomes = timed(spent, "render", lambda batch=leased: [outcome(each) for each in batch])
        timed(spent, "record", lambda batch=outcomes: record(batch, now=timezone.now()))
    print({step: round(seconds / deliveries * 1000, 3) for step, seconds in spent.items()})


def outcome(delivery: Leased) -> Outcome:
    request, now = render(delivery, timestamp=1), time.monotonic()
    return Outcome(
        delivery=delivery, started=now, ended=now, request_headers=request.logged_headers, status_code=204
    )


def timed(spent, step, work):
    """Return what *work* returns, and add its CPU time to *spent*."""
    began = time.process_time()
    result = work()
    spent[step] += time.process_time() - began
    return result


if __name__ == "__main__":
    with transaction.atomic():
        measure(*map(int, sys.argv[1:] or (2000, 50, 64)))
        transaction.set_rollback(True)
