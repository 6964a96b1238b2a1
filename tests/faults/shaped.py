"""
The portal's Celery application, shaped for one experiment by the environment of its process.

    FAULTS_LEASE=2             leases run out after 2 seconds instead of 30
    FAULTS_CLOCK=3600          the wall clock is an hour ahead; the monotonic clock is not
    FAULTS_DIE=before_record   kill -9 itself with the answers in hand
    FAULTS_DIE=at_poison       kill -9 itself when it renders a body that says "poison"
    FAULTS_DIE=before_wake     kill -9 itself after a commit, before its wake leaves
    FAULTS_DNS=silent          the name servers of silent.example.com do not answer
    FAULTS_DNS=rebinding       rebinding.example.com is public at the first look-up, loopback from then on
    FAULTS_DNS=here            hooks.example.com is this machine
    FAULTS_AUTHORITY=a.pem     certificates of that authority hold too, whatever else about them must
"""

import os
import signal
import socket
import time
from datetime import UTC, datetime, timedelta
from itertools import chain, repeat
from typing import Any, NoReturn

import django
import time_machine

if ahead := float(os.environ.get("FAULTS_CLOCK", "0")):
    time_machine.travel(datetime.now(UTC) + timedelta(seconds=ahead), tick=True).start()

django.setup()

from deliveries import wake  # noqa: E402 - models need the settings
from deliveries.engine import claim, dispatcher  # noqa: E402
from deliveries.sender import connection  # noqa: E402
from portal import celery_app as app  # noqa: E402

__all__ = ["app"]

#: Routed nowhere, and public to every rule that we have.
PUBLIC = "93.184.215.14"


def _die(*_: Any, **__: Any) -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("dead")


def _die_at_poison(delivery: Any, **kwargs: Any) -> Any:
    return _die() if "poison" in delivery.event.body else _render(delivery, **kwargs)


def _silent(host: str, *args: Any, **kwargs: Any) -> Any:
    if host == "silent.example.com":
        time.sleep(60)
    return _getaddrinfo(host, *args, **kwargs)


def _rebinding(host: str, port: int, *args: Any, **kwargs: Any) -> Any:
    return _getaddrinfo(next(_ANSWERS) if host == "rebinding.example.com" else host, port, *args, **kwargs)


def _here(host: str, *args: Any, **kwargs: Any) -> Any:
    return _getaddrinfo("127.0.0.1" if host == "hooks.example.com" else host, *args, **kwargs)


_render, _getaddrinfo = dispatcher.render, socket.getaddrinfo
_ANSWERS = chain([PUBLIC], repeat("127.0.0.1"))

if lease := os.environ.get("FAULTS_LEASE"):
    claim.LEASE = timedelta(seconds=float(lease))
if os.environ.get("FAULTS_DIE") == "before_record":
    dispatcher.record = _die
if os.environ.get("FAULTS_DIE") == "at_poison":
    dispatcher.render = _die_at_poison
if os.environ.get("FAULTS_DIE") == "before_wake":
    wake.publish = _die
if dns := os.environ.get("FAULTS_DNS"):
    setattr(socket, "getaddrinfo", {"silent": _silent, "rebinding": _rebinding, "here": _here}[dns])  # noqa: B010 - typed otherwise
if authority := os.environ.get("FAULTS_AUTHORITY"):
    connection.tls_context().load_verify_locations(authority)
