"""The documented receivers, in real Node, receive what the real workers send."""

import pytest

from deliveries import events
from deliveries.events import Verification
from deliveries.models import Delivery
from tests.factories import make_webhook
from tests.integration.conftest import NODE_SECRET
from tests.integration.documents import documents
from tests.waiting import eventually
from webhooks.event_types import EventType

pytestmark = pytest.mark.node


@pytest.mark.parametrize("receiver", ["verifying", "standardwebhooks", "svix"])
def test_what_the_engine_sends_verifies_where_partners_run_the_documented_code(stack, receivers, receiver):
    stack.worker()
    webhook = make_webhook(url=receivers.url(receiver), secret=NODE_SECRET)
    for number, document in enumerate(documents(40, seed=receiver)):
        events.record(
            partner=webhook.partner,
            event_type=EventType.COMPLETED,
            verification=Verification(
                verification_id=f"ver_{number}", session_id=number, proof_data={"document": document}
            ),
        )
    eventually(lambda: not Delivery.objects.filter(status="pending").exists(), within=20)
    assert set(Delivery.objects.values_list("status", "last_status_code")) == {("succeeded", 200)}
