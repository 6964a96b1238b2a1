"""Deliveries, the payload: what partners receive for each type of event."""

import json
import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from uuid import UUID

import pytest

from deliveries.events import MAX_BODY_BYTES, Verification, body_of, payload
from deliveries.models import Event
from webhooks.event_types import EventType


def verification(**changes: Any) -> Verification:
    fields: dict[str, Any] = {"verification_id": "ver_abc123", "session_id": 123}
    return Verification(**fields | changes)


def test_the_documented_example_comes_out_as_documented() -> None:
    documented = verification(
        step_id=456,
        proof_data={"income": {"monthlyAmount": 5000, "verified": True, "source": "chase-bank"}},
        formatted_data={"incomeVerified": True, "verificationScore": 95},
        metadata={
            "dataSource": "chase-bank",
            "processingTimeMs": 15000,
            "verifiedAt": "2024-01-15T14:30:00Z",
        },
    )
    assert body_of(EventType.COMPLETED, documented) == (
        '{"type":"verification.completed","status":"success","data":{"verificationId":"ver_abc123",'
        '"sessionId":123,"stepId":456,"status":"VERIFIED",'
        '"proofData":{"income":{"monthlyAmount":5000,"verified":true,"source":"chase-bank"}},'
        '"formattedData":{"incomeVerified":true,"verificationScore":95},'
        '"metadata":{"dataSource":"chase-bank","processingTimeMs":15000,'
        '"verifiedAt":"2024-01-15T14:30:00Z"}}}'
    )


def test_what_was_not_given_is_null_or_empty() -> None:
    assert payload(EventType.COMPLETED, verification())["data"] == {
        "verificationId": "ver_abc123",
        "sessionId": 123,
        "stepId": None,
        "status": "VERIFIED",
        "proofData": {},
        "formattedData": {},
        "metadata": {},
    }


def test_a_verification_may_be_given_by_position() -> None:
    assert Verification("ver_abc123", 123) == verification()


@pytest.mark.parametrize(
    ("event_type", "given", "overall", "detailed"),
    [
        (EventType.COMPLETED, None, "success", "VERIFIED"),
        (EventType.COMPLETED, "", "success", "VERIFIED"),
        (EventType.COMPLETED, "PARTIALLY_VERIFIED", "success", "PARTIALLY_VERIFIED"),
        (EventType.FAILED, None, "failed", "FAILED"),
        (EventType.FAILED, "SOURCE_REFUSED", "failed", "SOURCE_REFUSED"),
        (EventType.EXPIRED, None, "failed", "EXPIRED"),
        (EventType.MANUAL_REVIEW_COMPLETED, "VERIFIED", "success", "VERIFIED"),
        (EventType.MANUAL_REVIEW_COMPLETED, "REJECTED", "failed", "REJECTED"),
        (EventType.MANUAL_REVIEW_COMPLETED, "verified", "failed", "verified"),
    ],
)
def test_each_type_has_its_statuses(
    event_type: EventType, given: str | None, overall: str, detailed: str
) -> None:
    sent = payload(event_type, verification(status=given))
    assert (sent["type"], sent["status"], sent["data"]["status"]) == (event_type.value, overall, detailed)


@pytest.mark.parametrize("status", [None, ""])
def test_a_manual_review_needs_a_status(status: str | None) -> None:
    with pytest.raises(ValueError, match=r"^\$\.data\.status: .* give the status that the reviewer gave"):
        payload(EventType.MANUAL_REVIEW_COMPLETED, verification(status=status))


@pytest.mark.parametrize("fields", [MappingProxyType({"a": 1}), {"a": 1}])
def test_any_mapping_is_taken(fields: Mapping[str, Any]) -> None:
    assert json.loads(body_of(EventType.FAILED, verification(metadata=fields)))["data"]["metadata"] == {
        "a": 1
    }


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"verification_id": None}, "$.data.verificationId: give a string, not a value of type NoneType."),
        ({"verification_id": 7}, "$.data.verificationId: give a string, not a value of type int."),
        ({"verification_id": ""}, "$.data.verificationId: give 1 to 200 printable characters;"),
        ({"verification_id": "v" * 201}, "$.data.verificationId: give 1 to 200 printable characters;"),
        ({"verification_id": "a\0b"}, "$.data.verificationId: give 1 to 200 printable characters;"),
        ({"verification_id": "a\ud800"}, "$.data.verificationId: give 1 to 200 printable characters;"),
        (
            {"session_id": None},
            "$.data.sessionId: give a string or an integer, not a value of type NoneType.",
        ),
        (
            {"session_id": UUID(int=1)},
            "$.data.sessionId: give a string or an integer, not a value of type UUID.",
        ),
        ({"session_id": 2**53}, "$.data.sessionId: an integer beyond ±(2^53-1)"),
        ({"step_id": 1.5}, "$.data.stepId: give a string, an integer or None, not a value of type float."),
        ({"status": 1}, "$.data.status: give a string, not a value of type int."),
        ({"proof_data": None}, "$.data.proofData: give a mapping, not a value of type NoneType."),
        ({"proof_data": [("a", 1)]}, "$.data.proofData: give a mapping, not a value of type list."),
        ({"formatted_data": "text"}, "$.data.formattedData: give a mapping, not a value of type str."),
        ({"metadata": 1}, "$.data.metadata: give a mapping, not a value of type int."),
        (
            {"proof_data": {"income": [0, 0, 0, {"amount": math.nan}]}},
            "$.data.proofData.income[3].amount: JSON has no NaN",
        ),
        ({"metadata": {1: 2}}, "$.data.metadata: one of its keys is of type int;"),
    ],
)
def test_what_cannot_be_sent_is_refused_by_its_path(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError) as refusal:
        body_of(EventType.COMPLETED, verification(**changes))
    assert str(refusal.value).startswith(message)


def filled(size: int) -> Verification:
    """Return a verification whose body has *size* bytes."""
    empty = len(body_of(EventType.COMPLETED, verification(metadata={"é": ""})).encode())
    return verification(metadata={"é": "x" * (size - empty)})


def test_a_body_of_the_greatest_size_is_sent() -> None:
    assert len(body_of(EventType.COMPLETED, filled(MAX_BODY_BYTES)).encode()) == MAX_BODY_BYTES


def test_a_greater_body_is_refused_by_its_bytes() -> None:
    with pytest.raises(
        ValueError, match=r"^\$: the payload has 100,001 bytes and 100,000 are allowed; shorten"
    ):
        body_of(EventType.COMPLETED, filled(MAX_BODY_BYTES + 1))


def test_the_longest_verification_id_fits_its_column() -> None:
    body_of(EventType.COMPLETED, verification(verification_id="v" * 200))
    assert Event._meta.get_field("verification_id").max_length == 200


def test_the_body_is_text_that_a_database_can_hold() -> None:
    body = body_of(EventType.COMPLETED, verification(metadata={"\ud800": "\0"}))
    assert r'"metadata":{"\ud800":"\u0000"}' in body
