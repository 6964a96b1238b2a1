"""The code and the vector that partners are shown; integration/test_snippets.py shows that the code works."""

import hashlib
import hmac
import shlex

import pytest

from deliveries.signing import signature_headers
from webhooks.verification import FOLDER, SNIPPETS, VECTOR, snippet_called


def test_the_vector_is_what_we_would_sign():
    assert signature_headers(
        VECTOR.body.encode(),
        message_id=VECTOR.message_id,
        timestamp=VECTOR.timestamp,
        secret=VECTOR.secret,
    ) == {
        "x-webhook-signature": VECTOR.documented,
        "webhook-id": VECTOR.message_id,
        "webhook-timestamp": str(VECTOR.timestamp),
        "webhook-signature": VECTOR.standard,
    }


def test_the_vector_is_the_one_that_was_published():
    """From the specification of Standard Webhooks, and from `openssl dgst -sha256 -hmac`."""
    assert VECTOR.standard == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert (
        VECTOR.documented
        == hmac.new(VECTOR.secret.encode(), VECTOR.body.encode(), hashlib.sha256).hexdigest()
    )


def test_the_command_sends_the_vector():
    words = shlex.split(VECTOR.curl.replace("\\\n", " "))
    assert words[0] == "curl"
    assert f"x-webhook-signature: {VECTOR.documented}" in words
    assert words[words.index("-d") + 1] == VECTOR.body


def test_every_file_is_shown_and_every_snippet_has_its_file():
    files = {each.name for each in FOLDER.iterdir() if each.is_file()}
    assert files == {each.file for each in SNIPPETS}
    assert len({each.name for each in SNIPPETS}) == len(SNIPPETS)


@pytest.mark.parametrize("name", ["", "cobol", "../settings", "\0"])
def test_an_unknown_language_is_the_first(name):
    assert snippet_called(name) is SNIPPETS[0]


@pytest.mark.parametrize("snippet", SNIPPETS, ids=lambda each: each.name)
def test_each_compares_in_constant_time_and_reads_the_secret_from_the_environment(snippet):
    constant = ("timingSafeEqual", "compare_digest", "hash_equals", "secure_compare", "hmac.Equal",
                "MessageDigest.isEqual", "FixedTimeEquals")  # fmt: skip
    assert sum(word in snippet.code for word in constant) == 1
    assert "WEBHOOK_SECRETS" in snippet.code
    assert "\t" not in snippet.code or snippet.name == "go"
    assert max(map(len, snippet.code.splitlines())) <= 110
