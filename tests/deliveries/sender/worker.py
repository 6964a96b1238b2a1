"""
A process that sends as a worker does, and tells what that cost: see test_memory.py.

    python -m tests.deliveries.sender.worker AUTHORITY DEADLINE URL...
"""

import gc
import json
import os
import socket
import sys
from collections import Counter
from pathlib import Path

import django
import gevent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from deliveries import tasks  # noqa: E402, F401 - what a worker has in memory
from deliveries.sender import Response, connection  # noqa: E402
from tests.deliveries.sender import addresses, attempt  # noqa: E402


def peak() -> int:
    """Return the most memory that this program has ever had, in bytes."""
    # Not resource.getrusage(): its figure begins with the size of the process that started this one.
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def main(authority: str, deadline: str, healthy: str, *hostile: str) -> None:
    setattr(socket, "getaddrinfo", addresses("127.0.0.1"))  # noqa: B010 - typed otherwise
    connection.tls_context().load_verify_locations(authority)
    assert isinstance(attempt(healthy), Response)
    idle = peak()
    before = len(gc.get_objects())
    sending = [gevent.spawn(attempt, url, deadline=float(deadline)) for url in hostile]
    gevent.wait(sending, count=len(sending) // 4)
    each_holds = (len(gc.get_objects()) - before) / sum(not each.ready() for each in sending)
    outcomes = [each.get() for each in sending]
    after = attempt(healthy)
    causes = Counter(str(getattr(each, "cause", "answered")) for each in outcomes)
    told = {"grown": peak() - idle, "causes": causes, "after": getattr(after, "body", str(after))}
    print(json.dumps(told | {"objects": each_holds}))


if __name__ == "__main__":
    main(*sys.argv[1:])
