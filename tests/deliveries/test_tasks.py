from unittest.mock import Mock, call

from celery.signals import worker_ready, worker_shutting_down

from deliveries import tasks


def test_a_worker_that_is_ready_no_longer_looks_for_garbage_in_what_it_loaded(monkeypatch):
    """Else each look holds up all deliveries for it."""
    garbage = Mock()
    monkeypatch.setattr(tasks, "gc", garbage)
    worker_ready.send(sender=None)
    assert garbage.mock_calls[:2] == [call.collect(), call.freeze()]


def test_a_worker_that_is_told_to_stop_claims_nothing_new(monkeypatch):
    dispatcher = Mock()
    monkeypatch.setattr(tasks, "dispatcher", dispatcher)
    worker_shutting_down.send(sender=None)
    assert dispatcher.mock_calls == [call.stop()]
