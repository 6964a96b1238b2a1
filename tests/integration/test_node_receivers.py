"""Integration, the documentation's promise: its receivers, in real Node and Express, verify what we sign."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from deliveries.events import MAX_BODY_BYTES, Verification, body_of
from deliveries.serialization import dumps
from deliveries.signing import signature_headers
from tests.integration.conftest import NODE_SECRET
from tests.integration.documents import documents
from tests.integration.node_server import NodeServer, install, node_server, rewrite
from webhooks.event_types import EventType

pytestmark = pytest.mark.node

VERIFYING = ["verifying", "standardwebhooks", "svix"]
RECEIVED = (200, {"received": True})


def body(event_type: EventType = EventType.COMPLETED, **changes: Any) -> bytes:
    fields: dict[str, Any] = {"verification_id": "ver_abc123", "session_id": 123, "status": "VERIFIED"}
    return body_of(event_type, Verification(**fields | changes)).encode()


def signed(signed_body: bytes, *, secret: str = NODE_SECRET, **changes: Any) -> dict[str, str]:
    now = int(time.time())
    return signature_headers(signed_body, message_id="msg_1", timestamp=now, secret=secret, **changes)


@pytest.mark.usefixtures("node_packages")
def test_every_body_is_a_fixed_point_of_node() -> None:
    bodies = [dumps(document) for document in documents(5000, seed=1)]
    assert rewrite(bodies) == bodies


@pytest.mark.usefixtures("node_packages")
def test_node_writes_the_same_bytes_after_reading_what_python_wrote() -> None:
    """The witness that a body says what was meant: json.dumps is faithful, if not a fixed point."""
    meant = list(documents(5000, seed=2))
    assert rewrite([json.dumps(document).encode() for document in meant]) == [dumps(d) for d in meant]


def test_the_documented_receiver_verifies_whatever_can_be_emitted(receivers: NodeServer) -> None:
    bodies = [body(proof_data=document, metadata=document) for document in documents(300, seed=3)]
    refused = [each for each in bodies if receivers.post("verifying", each, signed(each)) != RECEIVED]
    assert not refused


@pytest.mark.parametrize("library", ["standardwebhooks", "svix"])
def test_libraries_verify_the_raw_body_of_whatever_can_be_emitted(
    receivers: NodeServer, library: str
) -> None:
    bodies = [body(proof_data=document) for document in documents(100, seed=4)]
    refused = [each for each in bodies if receivers.post(library, each, signed(each)) != RECEIVED]
    assert not refused


@pytest.mark.parametrize("receiver", VERIFYING)
@pytest.mark.parametrize("event_type", EventType)
def test_every_type_of_event_is_verified(receivers: NodeServer, receiver: str, event_type: EventType) -> None:
    assert receivers.post(receiver, body(event_type), signed(body(event_type))) == RECEIVED


@pytest.mark.parametrize("receiver", VERIFYING)
def test_a_changed_body_is_not_verified(receivers: NodeServer, receiver: str) -> None:
    status, _ = receivers.post(receiver, body(session_id=124), signed(body(session_id=123)))
    assert status == 401


@pytest.mark.parametrize("receiver", VERIFYING)
def test_the_signature_of_another_secret_is_not_verified(receivers: NodeServer, receiver: str) -> None:
    status, _ = receivers.post(receiver, body(), signed(body(), secret="another"))
    assert status == 401


@pytest.mark.parametrize("receiver", VERIFYING)
def test_while_a_rolled_secret_overlaps_the_receiver_may_still_hold_the_old_one(
    receivers: NodeServer, receiver: str
) -> None:
    headers = signed(body(), secret="new", previous_secret=NODE_SECRET)
    assert receivers.post(receiver, body(), headers) == RECEIVED


@pytest.mark.parametrize("library", ["standardwebhooks", "svix"])
def test_while_a_rolled_secret_overlaps_a_library_may_already_hold_the_new_one(
    receivers: NodeServer, library: str
) -> None:
    headers = signed(body(), secret=NODE_SECRET, previous_secret="old")
    assert receivers.post(library, body(), headers) == RECEIVED


@pytest.mark.parametrize("secret", ["your-secret", "pässwörd ✓", "whsec_not base64"])
def test_a_typed_secret_is_verified_by_every_receiver(secret: str) -> None:
    with node_server(secret) as server:
        answers = [server.post(receiver, body(), signed(body(), secret=secret)) for receiver in VERIFYING]
    assert answers == [RECEIVED] * 3


@pytest.mark.parametrize("receiver", VERIFYING)
def test_express_takes_a_body_of_the_greatest_size(receivers: NodeServer, receiver: str) -> None:
    greatest = body(metadata={"a": "x" * (MAX_BODY_BYTES - len(body(metadata={"a": ""})))})
    assert len(greatest) == MAX_BODY_BYTES
    assert receivers.post(receiver, greatest, signed(greatest)) == RECEIVED


def test_the_basic_handler_is_given_the_result(receivers: NodeServer) -> None:
    sent = body(session_id="basic", status="VERIFIED")
    assert receivers.post("basic", sent, signed(sent)) == RECEIVED
    assert receivers.processed()[-2:] == [
        {"sessionId": "basic", "status": "VERIFIED"},
        {"sessionId": "basic", "told": "success"},
    ]


def test_the_duplicates_handler_processes_a_repeated_delivery_once(receivers: NodeServer) -> None:
    sent = body(verification_id="ver_twice")
    assert receivers.post("duplicates", sent, signed(sent)) == RECEIVED
    assert receivers.post("duplicates", sent, signed(sent)) == (200, {"message": "Already processed"})
    assert receivers.processed().count(json.loads(sent)) == 1


@pytest.fixture
def uninstallable(tmp_path: Path) -> Path:
    """Return a folder in which npm finds nothing to install."""
    (tmp_path / "package-lock.json").write_text("{}")
    return tmp_path


def test_where_packages_cannot_be_installed_tests_are_skipped_with_the_reason(
    uninstallable: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("REQUIRE_NODE", raising=False)
    with pytest.raises(pytest.skip.Exception, match=r"(?s)npm ci failed: .*package\.json"):
        install(uninstallable)


def test_where_packages_cannot_be_installed_tests_fail_if_node_is_required(
    uninstallable: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUIRE_NODE", "1")
    with pytest.raises(pytest.fail.Exception, match=r"(?s)npm ci failed: .*package\.json"):
        install(uninstallable)
