"""Celery's entry points. A message carries no data: it only says that something may be due."""

import gc
import resource
from typing import Any

from celery import shared_task
from celery.signals import worker_init, worker_ready, worker_shutting_down

from deliveries.alerts import forgetting, mailing
from deliveries.engine import holding
from deliveries.engine.dispatcher import IN_FLIGHT, Dispatcher
from deliveries.purge import purge

#: This process's own. Its threads start with its first delivery.
dispatcher = Dispatcher()


@shared_task(name="deliveries.deliver")
def deliver() -> None:
    """Deliver what is due. Sent on commit, and by beat for what a lost wake left behind."""
    dispatcher.run()


@shared_task(name="deliveries.release_stragglers")
def release_stragglers() -> None:
    """Release what was held just as its webhook became active again."""
    holding.release_stragglers()


@shared_task(name="deliveries.purge")
def purge_old() -> None:
    """Purge what is older than the settings allow."""
    purge()
    forgetting.forget_old()


@shared_task(name="deliveries.mail_alerts")
def mail_alerts() -> None:
    """Tell people what they are to be told. Sent by beat alone: an e-mail can wait for the next sweep."""
    mailing.mail_alerts()


#: Sockets for all that is under way, connections that rest, and files of other kinds.
DESCRIPTORS = 2 * IN_FLIGHT + 1_000


@worker_init.connect
def allow_many_sockets(**_: Any) -> None:
    """Raise the number of files that this process may open, as far as it may: many systems say 1,024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


#: Objects that Python would search for each delivery that is under way; there are about a hundred.
OBJECTS = 150


@worker_ready.connect
def look_for_garbage_less_often(**_: Any) -> None:
    """
    Have Python look for garbage only among more than can be under way, and never among what was loaded.

    Each look holds up all deliveries, for 30 to 60 ms while a thousand hang, and finds nothing: what ends
    here goes by itself, for nothing of it refers to itself.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(OBJECTS * IN_FLIGHT, 5, 1_000)


@worker_shutting_down.connect
def stop_claiming(**_: Any) -> None:
    """Let what is under way end, and leave the rest to other workers."""
    dispatcher.stop()
