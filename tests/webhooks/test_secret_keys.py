"""The text of a signing secret to the keys that it stands for."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhooks.models import generate_secret
from webhooks.secret_keys import standard_key, standard_secret, text_key

typed_secrets = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


@pytest.mark.parametrize(
    ("secret", "key"),
    [
        ("your-secret", b"your-secret"),
        ("pässwörd", "pässwörd".encode()),
        ("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", b"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
        ("whsec_AAEC", b"\x00\x01\x02"),
        ("whsec_AAE=", b"\x00\x01"),
        ("whsec_AAE", b"\x00\x01"),
        ("whsec_AA==", b"\x00"),
        ("whsec_AAF=", b"\x00\x01"),
        ("whsec_", b"whsec_"),
        ("whsec_=", b"whsec_="),
        ("whsec_A", b"whsec_A"),
        ("whsec_AAECA", b"whsec_AAECA"),
        ("whsec_my-secret", b"whsec_my-secret"),
        ("whsec_my secret", b"whsec_my secret"),
        ("whsec_AAEC\n", b"whsec_AAEC\n"),
        ("whsec_AA==AA==", b"whsec_AA==AA=="),
        ("WHSEC_AAEC", b"WHSEC_AAEC"),
    ],
)
def test_the_standard_key_is_the_base64_of_a_whsec_secret_or_else_its_text(secret: str, key: bytes) -> None:
    assert standard_secret(secret) == "whsec_" + base64.b64encode(key).decode()


def test_a_generated_secret_is_its_own_standard_form() -> None:
    secret = generate_secret()
    assert standard_secret(secret) == secret


@given(typed_secrets)
def test_the_standard_form_of_a_standard_form_is_itself(secret: str) -> None:
    assert standard_secret(standard_secret(secret)) == standard_secret(secret)


@given(typed_secrets)
def test_the_key_of_the_documented_signature_is_the_text(secret: str) -> None:
    assert text_key(secret) == secret.encode()


@pytest.mark.parametrize("key", [text_key, standard_key, standard_secret])
def test_an_empty_secret_is_no_key(key) -> None:
    with pytest.raises(ValueError, match="The signing secret is empty"):
        key("")
