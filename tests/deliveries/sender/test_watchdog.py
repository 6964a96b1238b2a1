"""Sockets are shut down at their deadline, not before and not after they were released."""

import os
import socket
import time
from collections.abc import Iterator

import pytest

from deliveries.sender.watchdog import Watchdog

pytestmark = pytest.mark.enable_socket


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.settimeout(2)
        yield ours, theirs


def test_who_waits_is_woken_at_the_deadline(pair: tuple[socket.socket, socket.socket]) -> None:
    """Who waits for a socket is woken at its deadline, and finds it at its end."""
    began = time.monotonic()
    release = Watchdog().watch(pair[0], began + 0.1)
    assert pair[0].recv(1) == b""
    assert 0.1 <= time.monotonic() - began < 0.6
    release()


def test_a_sooner_deadline_is_not_late_behind_a_later_one(pair: tuple[socket.socket, socket.socket]) -> None:
    """A deadline that comes later into the queue and sooner in time is kept."""
    watchdog, began = Watchdog(), time.monotonic()
    releases = [watchdog.watch(pair[1], began + 5), watchdog.watch(pair[0], began + 0.1)]
    assert pair[0].recv(1) == b""
    assert time.monotonic() - began < 0.6
    for release in releases:
        release()


def test_a_released_socket_is_left_alone(pair: tuple[socket.socket, socket.socket]) -> None:
    """A released socket is left alone, though its deadline passes."""
    watchdog = Watchdog()
    watchdog.watch(pair[0], time.monotonic() + 0.05)()
    one, other = socket.socketpair()
    with one, other:
        watchdog.watch(one, time.monotonic() + 0.1)
        assert one.recv(1) == b""
    pair[1].send(b"x")
    assert pair[0].recv(1) == b"x"


def test_what_is_released_does_not_pile_up(pair: tuple[socket.socket, socket.socket]) -> None:
    """No descriptor outlives its release."""
    watchdog = Watchdog()
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - counted, not read
    for _ in range(100):
        watchdog.watch(pair[0], time.monotonic() + 5)()
    assert len(os.listdir("/proc/self/fd")) <= before  # noqa: PTH208
