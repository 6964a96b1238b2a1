import json

import pytest

from deliveries.events import Verification, body_of
from deliveries.samples import sample
from webhooks.event_types import EventType

#: partner-docs.md, "Default Webhook Payload".
DOCUMENTED = """
{"type": "verification.completed", "status": "success", "data": {"verificationId": "ver_abc123",
 "sessionId": 123, "stepId": 456, "status": "VERIFIED",
 "proofData": {"income": {"monthlyAmount": 5000, "verified": true, "source": "chase-bank"}},
 "formattedData": {"incomeVerified": true, "verificationScore": 95},
 "metadata": {"dataSource": "chase-bank", "processingTimeMs": 15000, "verifiedAt": "2024-01-15T14:30:00Z"}}}
"""


def body(event_type):
    return body_of(event_type, Verification(**sample(event_type, verification_id="ver_abc123")))


def test_a_completed_verification_is_the_documented_example():
    assert body(EventType.COMPLETED) == json.dumps(json.loads(DOCUMENTED), separators=(",", ":"))


@pytest.mark.parametrize("event_type", EventType)
def test_there_is_one_of_every_type(event_type):
    assert json.loads(body(event_type))["type"] == event_type
