from unittest.mock import Mock, call

import pytest
from celery.signals import worker_init, worker_ready, worker_shutting_down

from deliveries import tasks


def test_a_worker_that_is_ready_no_longer_looks_for_garbage_in_what_it_loaded(monkeypatch):
    """Else each look holds up all deliveries for it."""
    garbage = Mock()
    monkeypatch.setattr(tasks, "gc", garbage)
    worker_ready.send(sender=None)
    assert garbage.mock_calls[:2] == [call.collect(), call.freeze()]


def test_a_worker_looks_for_garbage_only_among_more_than_can_be_under_way(monkeypatch):
    """Each look holds up all deliveries; test_memory.py measures how many objects one of them is."""
    garbage = Mock()
    monkeypatch.setattr(tasks, "gc", garbage)
    worker_ready.send(sender=None)
    assert garbage.set_threshold.call_args.args[0] == tasks.OBJECTS * tasks.IN_FLIGHT


def test_a_worker_that_is_told_to_stop_claims_nothing_new(monkeypatch):
    dispatcher = Mock()
    monkeypatch.setattr(tasks, "dispatcher", dispatcher)
    worker_shutting_down.send(sender=None)
    assert dispatcher.mock_calls == [call.stop()]


MANY = tasks.resource.RLIM_INFINITY


@pytest.mark.parametrize(
    ("soft", "hard", "raised_to"),
    [
        (1_024, 524_288, tasks.DESCRIPTORS),
        (1_024, 2_048, 2_048),
        (1_024, MANY, tasks.DESCRIPTORS),
        (65_536, 524_288, None),
        (MANY, MANY, None),
    ],
)
def test_a_worker_may_open_as_many_sockets_as_it_sends_at_once(monkeypatch, soft, hard, raised_to):
    raised = []
    monkeypatch.setattr(tasks.resource, "getrlimit", lambda _: (soft, hard))
    monkeypatch.setattr(tasks.resource, "setrlimit", lambda _, limits: raised.append(limits))
    worker_init.send(sender=None)
    assert raised == ([] if raised_to is None else [(raised_to, hard)])
