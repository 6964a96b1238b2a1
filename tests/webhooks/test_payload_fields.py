"""Webhooks, payload fields: the table that templates and the catalogue go by."""

import pytest

from webhooks.payload_fields import members


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("", ["type", "status", "data"]),
        ("status", []),
        (
            "data",
            ["verificationId", "sessionId", "stepId", "status", "proofData", "formattedData", "metadata"],
        ),
        ("data.status", []),
    ],
)
def test_members_are_the_fields_directly_inside(path, names):
    assert members(path) == names
