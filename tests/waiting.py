"""Waiting for what other processes do."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def eventually(ask: Callable[[], T], *, within: float = 10.0) -> T:
    """
    Return the first true answer of *ask*.

    Raises:
        AssertionError: there was none *within* seconds; it shows the last answer.

    """
    end = time.monotonic() + within
    while not (answer := ask()):
        if time.monotonic() > end:
            raise AssertionError(f"Not within {within:g} s; the last answer was {answer!r}.")
        time.sleep(0.02)
    return answer
