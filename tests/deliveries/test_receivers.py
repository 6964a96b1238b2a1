import json

import pytest

from deliveries import signals
from deliveries.events import Verification
from deliveries.models import Event
from tests.factories import make_partner

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("signal", "given", "event_type", "status", "data_status"),
    [
        (signals.verification_completed, None, "verification.completed", "success", "VERIFIED"),
        (signals.verification_failed, None, "verification.failed", "failed", "FAILED"),
        (signals.verification_expired, None, "verification.expired", "failed", "EXPIRED"),
        (
            signals.manual_review_completed,
            "VERIFIED",
            "verification.manual_review_completed",
            "success",
            "VERIFIED",
        ),
        (
            signals.manual_review_completed,
            "REJECTED",
            "verification.manual_review_completed",
            "failed",
            "REJECTED",
        ),
    ],
)
def test_a_signal_becomes_an_event(signal, given, event_type, status, data_status):
    partner = make_partner()
    verification = Verification(verification_id="ver_1", session_id=7, status=given)
    signal.send(sender=None, partner=partner, verification=verification)
    event = Event.objects.get()
    body = json.loads(event.body)
    assert (event.partner, event.type, event.verification_id) == (partner, event_type, "ver_1")
    assert (body["type"], body["status"], body["data"]["status"]) == (event_type, status, data_status)


def test_a_repeated_send_records_once():
    partner, verification = make_partner(), Verification(verification_id="ver_1", session_id=7)
    for _ in range(2):
        signals.verification_completed.send(
            sender=None, partner=partner, verification=verification, idempotency_key="job-1"
        )
    assert Event.objects.count() == 1


def test_bad_input_raises_in_the_senders_face():
    with pytest.raises(ValueError, match="reviewer"):
        signals.manual_review_completed.send(
            sender=None,
            partner=make_partner(),
            verification=Verification(verification_id="ver_1", session_id=7),
        )
