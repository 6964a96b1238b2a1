"""
Mixed load for a while, with workers killed every 20 seconds, Redis emptied twice, PostgreSQL restarted once.

    python -m tests.faults.soak --minutes 15

Ends with figures, and with status 1 if anything was lost, repeated without a kill that explains it,
or if a worker's memory kept growing.
"""

import argparse
import os
import random
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import django
import psutil
import redis as redis_client

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from django.db import connection  # noqa: E402 - models need the settings

from deliveries.models import Delivery  # noqa: E402
from tests.factories import make_webhook  # noqa: E402
from tests.faults.backend import emit_until_accepted  # noqa: E402
from tests.faults.oracle import judge  # noqa: E402
from tests.faults.servers import Redis, database_on, durable_postgres, empty  # noqa: E402
from tests.faults.stack import ShapedStack  # noqa: E402
from tests.receiver import Receiver  # noqa: E402
from tests.servers import Postgres  # noqa: E402
from webhooks.models import Webhook  # noqa: E402

#: Seconds between two kills, two visits of the partner, two looks at the memory, and two events.
KILL_EVERY, ACTIVATE_EVERY, LOOK_EVERY, EMIT_EVERY = 20, 45, 2, 0.05
WORKERS = 2
#: The spared worker's memory at the end may be so much more than after its first quarter, in MB.
GROWTH = 15


@dataclass
class Figures:
    """What the soak has seen."""

    emitted: int = 0
    kills: int = 0
    in_flight_at_kills: int = 0
    memory: list[float] = field(default_factory=list)

    @property
    def growth(self) -> float:
        """Return how much more memory the spared worker has than after a quarter of the time, in MB."""
        return self.memory[-1] - self.memory[len(self.memory) // 4]


class Soak:
    """Three workers, of which one is spared and watched, a beat, five kinds of endpoints, and bad luck."""

    def __init__(self, stack: ShapedStack, receiver: Receiver, postgres: Postgres, redis: Redis) -> None:
        self.stack, self.receiver, self.postgres, self.redis = stack, receiver, postgres, redis
        self.figures = Figures()
        self.webhooks = self._make_webhooks()
        self.spared = stack.worker()
        self.doomed = [stack.worker() for _ in range(WORKERS)]
        stack.beat()

    def run(self, seconds: float) -> None:
        """Emit all the time, and let go wrong what is planned."""
        begun, plan = time.monotonic(), self._plan(seconds)
        while (now := time.monotonic() - begun) < seconds:
            while plan and plan[0][0] <= now:
                plan.pop(0)[1]()
            self._emit()
            time.sleep(EMIT_EVERY)

    def _plan(self, seconds: float) -> list[tuple[float, Callable[[], None]]]:
        times: list[tuple[float, Callable[[], None]]]
        times = [(at, self._kill_one) for at in range(KILL_EVERY, int(seconds), KILL_EVERY)]
        times += [(at, self._activate_all) for at in range(ACTIVATE_EVERY, int(seconds), ACTIVATE_EVERY)]
        times += [(at, self._look) for at in range(LOOK_EVERY, int(seconds), LOOK_EVERY)]
        times += [(seconds / 3, self._empty_redis), (seconds * 2 / 3, self._empty_redis)]
        times += [(seconds / 2, self._restart_postgres)]
        return sorted(times, key=lambda each: each[0])

    def _make_webhooks(self) -> list[Webhook]:
        self.receiver.answer("/slow", delay=3)
        self.receiver.answer("/failing", status=500)
        paths = [*(f"/healthy/{number}" for number in range(6)), "/slow", "/failing", "/flapping"]
        return [make_webhook(url=self.receiver.url(path)) for path in paths]

    def _emit(self) -> None:
        self.receiver.answer("/flapping", status=random.choice((200, 200, 503)))  # noqa: S311
        webhook = random.choice(self.webhooks)  # noqa: S311
        self.figures.emitted += 1
        emit_until_accepted(webhook, f"soak-{self.figures.emitted}")

    def _kill_one(self) -> None:
        doomed = self.doomed.pop(0)
        doomed.kill()
        self.figures.kills += 1
        leased = Delivery.objects.filter(status=Delivery.Status.PENDING, lease__isnull=False)
        # Those of the other workers too: nothing tells from outside whose they are.
        self.figures.in_flight_at_kills += leased.count()
        self.doomed.append(self.stack.doomed_worker())

    def _activate_all(self) -> None:
        """Do what a partner does who was told that a webhook is inactive: what was held is sent again."""
        for webhook in Webhook.objects.filter(is_active=False):
            webhook.activate()

    def _empty_redis(self) -> None:
        redis_client.from_url(self.redis.url).flushall()

    def _restart_postgres(self) -> None:
        connection.close()
        self.postgres.stop()
        threading.Thread(target=self.postgres.start).start()

    def _look(self) -> None:
        self.figures.memory.append(psutil.Process(self.spared.pid).memory_info().rss / 1e6)


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    arguments.add_argument("--minutes", type=float, default=15)
    minutes = arguments.parse_args().minutes
    with ExitStack() as parts:
        postgres, redis = parts.enter_context(durable_postgres()), parts.enter_context(Redis())
        parts.enter_context(database_on(postgres))
        empty()
        receiver = parts.enter_context(Receiver())
        folder = Path(parts.enter_context(tempfile.TemporaryDirectory()))
        stack = ShapedStack(folder, redis.url)
        parts.callback(_end, stack)
        soak = Soak(stack, receiver, postgres, redis)
        soak.run(minutes * 60)
        return _report(soak)


def _report(soak: Soak) -> int:
    figures = soak.figures
    # Leases of the last one killed run out first.
    verdict = judge(soak.receiver, within=180)
    print(f"events: {figures.emitted}, deliveries: {dict(verdict.statuses)}, lost: 0")
    print(f"workers killed: {figures.kills}; in flight at the kills: {figures.in_flight_at_kills}")
    print(f"duplicates: {verdict.duplicates}")
    print(f"memory of the spared worker, MB: {[round(each) for each in figures.memory[::15]]}")
    print(f"growth after the first quarter, MB: {figures.growth:.1f}")
    flat, explained = figures.growth < GROWTH, verdict.duplicates <= figures.in_flight_at_kills
    return 0 if flat and explained else 1


def _end(stack: ShapedStack) -> None:
    for process in stack.processes:
        process.kill()


if __name__ == "__main__":
    sys.exit(main())
