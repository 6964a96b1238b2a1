"""
Microseconds that the signatures of one delivery take, alone and beside a thread that computes.

    python -m tests.benchmarks.signing [SIGNATURES]

`hmac.digest` is the shorter way to write it, and lets go of Python's lock for each signature: beside a thread
that has something to do, it has to wait until that gives the lock back. Figures of one run compare only.
"""

import hmac
import json
import sys
import threading
import time
from collections.abc import Callable

from deliveries.signing import signature_headers

BODY = b"x" * 900
KEY = b"k" * 32


def ours() -> None:
    signature_headers(BODY, message_id="msg_1", timestamp=1_000_000_000, secret="k" * 32)


def by_digest() -> None:
    for _ in range(2):
        hmac.digest(KEY, BODY, "sha256")


def cost(sign: Callable[[], None], count: int) -> float:
    """Return the microseconds of wall time that one of *count* calls takes."""
    began = time.perf_counter()
    for _ in range(count):
        sign()
    return round((time.perf_counter() - began) / count * 1e6, 1)


def main(count: int) -> None:
    print(json.dumps({"beside": "nobody", "ours": cost(ours, count), "digest": cost(by_digest, count)}))
    done = threading.Event()

    def compute() -> None:
        while not done.is_set():
            sum(range(100))

    computing = threading.Thread(target=compute)
    computing.start()
    print(json.dumps({"beside": "a thread", "ours": cost(ours, count), "digest": cost(by_digest, count)}))
    done.set()
    computing.join()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 300)
