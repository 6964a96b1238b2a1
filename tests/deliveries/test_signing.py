"""Deliveries, signatures: the documented one and those of Standard Webhooks, as their libraries see them."""

import hashlib
import hmac
from collections.abc import Iterator

import pytest
import standardwebhooks
import svix.webhooks
import time_machine
from hypothesis import example, given
from hypothesis import strategies as st

from deliveries.signing import signature_headers
from webhooks.secret_keys import standard_secret

BODY = b'{"test": 2432232314}'
MESSAGE_ID = "msg_p5jXN8AQM9LWM0D4loKWxJek"
TIMESTAMP = 1614265330
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="

LIBRARIES = [standardwebhooks.Webhook, svix.webhooks.Webhook]
typed_secrets = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


@pytest.fixture(scope="module", autouse=True)
def at_the_time_of_signing() -> Iterator[None]:
    with time_machine.travel(TIMESTAMP, tick=False):
        yield


def headers(secret: str, previous_secret: str | None = None, body: bytes = BODY) -> dict[str, str]:
    return signature_headers(
        body, message_id=MESSAGE_ID, timestamp=TIMESTAMP, secret=secret, previous_secret=previous_secret
    )


def documented_signature(secret: str, body: bytes = BODY) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def test_the_published_vector_of_standard_webhooks_comes_out() -> None:
    assert headers(SECRET) == {
        "x-webhook-signature": documented_signature(SECRET),
        "webhook-id": MESSAGE_ID,
        "webhook-timestamp": "1614265330",
        "webhook-signature": SIGNATURE,
    }


def test_the_documented_signature_is_known_by_heart() -> None:
    """From `openssl dgst -sha256 -hmac your-secret`, so that no code of ours is its own witness."""
    assert headers("your-secret")["x-webhook-signature"] == (
        "d6b47f773c538edc5842570ad55c40f518a185f3430f6fa9f8d70bcea792cd23"
    )


@pytest.mark.parametrize("secret", ["your-secret", "pässwörd ✓", SECRET, "whsec_not base64"])
def test_the_documented_key_is_the_text_as_displayed(secret: str) -> None:
    assert headers(secret)["x-webhook-signature"] == documented_signature(secret)


def test_during_a_roll_the_documented_signature_stays_with_the_old_secret() -> None:
    assert headers("new", "old")["x-webhook-signature"] == documented_signature("old")


def test_during_a_roll_both_standard_signatures_are_sent_the_current_one_first() -> None:
    current, previous = headers("new"), headers(SECRET)
    assert headers("new", SECRET)["webhook-signature"] == f"{current['webhook-signature']} {SIGNATURE}"
    assert previous["webhook-signature"] == SIGNATURE


@pytest.mark.parametrize("library", LIBRARIES)
@given(secret=typed_secrets | typed_secrets.map("whsec_".__add__), body=st.text().map(str.encode))
@example(secret=SECRET, body=BODY)
@example(secret="whsec_not base64", body=BODY)
def test_libraries_verify_with_the_standard_form(library: type, secret: str, body: bytes) -> None:
    library(standard_secret(secret)).verify(body, headers(secret, body=body), **without_parsing(library))


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("secret", [SECRET, "whsec_AAE"])
def test_libraries_verify_with_a_whsec_secret_as_it_was_typed(library: type, secret: str) -> None:
    library(secret).verify(BODY, headers(secret))


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("held_by_receiver", ["new", "old"])
def test_during_a_roll_libraries_verify_with_either_secret(library: type, held_by_receiver: str) -> None:
    library(standard_secret(held_by_receiver)).verify(BODY, headers("new", "old"))


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize(
    "change",
    [
        {"webhook-id": "msg_other"},
        {"webhook-timestamp": str(TIMESTAMP + 1)},
        {"webhook-signature": headers("another")["webhook-signature"]},
    ],
)
def test_libraries_refuse_what_was_changed(library: type, change: dict[str, str]) -> None:
    with pytest.raises(standardwebhooks.WebhookVerificationError, match="No matching signature"):
        library(standard_secret(SECRET)).verify(BODY, headers(SECRET) | change)


@pytest.mark.parametrize("library", LIBRARIES)
def test_libraries_refuse_a_changed_body(library: type) -> None:
    with pytest.raises(standardwebhooks.WebhookVerificationError, match="No matching signature"):
        library(SECRET).verify(BODY + b" ", headers(SECRET))


@pytest.mark.parametrize("secrets", [("", None), ("new", ""), ("", "old")])
def test_nothing_is_signed_with_an_empty_secret(secrets: tuple[str, str | None]) -> None:
    with pytest.raises(ValueError, match="secret is empty"):
        headers(*secrets)


def without_parsing(library: type) -> dict[str, bool]:
    """Tell the library not to read the body as JSON, where it would."""
    return {"json_parse": False} if library is standardwebhooks.Webhook else {}
