"""What a partner may type as a signing secret."""

import base64

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from webhooks.models import generate_secret
from webhooks.typed_secrets import LONGEST, SHORTEST, check_secret

SAFE = st.characters(min_codepoint=33, max_codepoint=126)


@given(st.text(SAFE, min_size=SHORTEST, max_size=LONGEST).filter(lambda text: not text.startswith("whsec_")))
def test_any_text_of_good_length_stays_as_it_is(secret):
    assert check_secret(secret) == secret


@given(st.binary(min_size=24, max_size=64))
def test_the_standard_form_of_any_good_key_stays_as_it_is(key):
    secret = "whsec_" + base64.b64encode(key).decode()
    assert check_secret(secret) == secret


def test_a_generated_one_could_have_been_typed():
    assert check_secret(generate_secret())


@pytest.mark.parametrize("secret", ["a" * 23, "a" * 129, "whsec_"])
def test_its_length_is_bounded(secret):
    with pytest.raises(ValidationError, match=rf"has {len(secret)} characters\. Use 24 to 128"):
        check_secret(secret)


@pytest.mark.parametrize("character", [" ", "\t", "\n", "\x00", "\x7f", "é", "\u200b", "\u202e", "\uff14"])
def test_what_does_not_survive_copying_is_refused(character):
    with pytest.raises(ValidationError, match="no spaces, no accents"):
        check_secret("a" * 12 + character + "a" * 12)


@pytest.mark.parametrize(
    "rest",
    [
        "not base64, surely!".replace(" ", "-") * 2,
        "A" * 25,  # no whole bytes
        base64.b64encode(b"k" * 23).decode(),
        base64.urlsafe_b64encode(b"\xff" * 30).decode(),
    ],
)
def test_after_the_standard_prefix_comes_base64_of_a_long_enough_key(rest):
    with pytest.raises(ValidationError, match="must come the base64 of at least 24 bytes"):
        check_secret("whsec_" + rest)
