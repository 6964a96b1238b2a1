"""Which URLs may be webhooks."""

import json
import time
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from webhooks.destinations import check_url

LINES = (Path(__file__).parent / "cases" / "urls.tsv").read_text().splitlines()
CASES = [line.split("\t") for line in LINES if not line.startswith("#")]
ACCEPTED = [json.loads(url) for url, verdict, *_ in CASES if verdict in {"accept", "reject_connect"}]
REFUSED = [
    pytest.param(json.loads(url), id=f"{why}: {url[:60]}") for url, v, why, *_ in CASES if v == "reject_form"
]

NORMALISED = [
    ("HTTPS://HOOKS.Example.COM/Path", "https://hooks.example.com/Path"),
    ("https://hooks.example.com:443/a", "https://hooks.example.com/a"),
    ("https://hooks.example.com./a", "https://hooks.example.com/a"),
    ("https://hooks.example.com.:8443/a", "https://hooks.example.com:8443/a"),
    ("https://hooks.example.com?a=1", "https://hooks.example.com?a=1"),
    (
        "https://hooks.example.com//a/../%e2%82%ac?x=%2f&&",
        "https://hooks.example.com//a/../%e2%82%ac?x=%2f&&",
    ),
    ("https://xn--BCHER-KVA.example.com/", "https://xn--bcher-kva.example.com/"),
    ("https://r3---sn-4g5e.example.com/", "https://r3---sn-4g5e.example.com/"),
    ("https://partner.dev:1024", "https://partner.dev:1024"),
]

# One sentence for each rule: its code, and the words that tell what to write instead.
RULES = [
    ("ftp://hooks.example.com/", "scheme", "Only https is allowed"),
    ("hooks.example.com", "scheme", "must begin with https://"),
    ("https://https://hooks.example.com", "scheme", "https:// twice"),
    ("https://hooks.example.com/a b", "invisible", "written %20"),
    ("https://hooks.example.com/\u200b", "invisible", "U+200B"),
    ("https://hooks.example.com/\ud800", "invisible", "U+D800"),
    ("https://hooks.example.com\\x", "backslash", "Write “/”"),
    ("https://hooks.example.com/#top", "fragment", "or write %23"),
    ("https://hooks.example.com/" + "a" * 2023, "length", "it has 2,049"),
    ("https://u:p@hooks.example.com/", "credentials", "Authorization header"),
    ("https:///path", "host", "has no host"),
    ("https://b\u00fccher.example.com", "host", "xn-- form"),
    ("https://hooks%2eexample.com", "host", "without percent-encoding"),
    ("https://xn--99999999.example.com", "host", "not valid Punycode"),
    ("https://xn--abc.example.com", "host", "not valid Punycode"),
    ("https://hooks.example.c0m", "host", "not a top-level domain"),
    ("https://a_b.example.com", "host", "letters, digits and inner hyphens"),
    ("https://" + ".".join(["abcdefgh"] * 29) + ".com", "host", "not a valid DNS name"),
    ("https://[::1]x/", "host", "malformed"),
    ("https://[2606:2800:220:1::1]:8443/", "address", "Write a DNS name"),
    ("https://1.1.1.1", "address", "in whatever spelling"),
    ("https://hooks.example.0x7f", "address", "in whatever spelling"),
    ("https://receiver", "single_label", "such as receiver.example.com"),
    ("https://localhost", "internal", "end in localhost"),
    ("https://router.home.arpa", "internal", "not on the public internet"),
    ("https://self.ours.example.com.", "own_host", "your own endpoint"),
    ("https://any.apps.example.com", "own_host", "your own endpoint"),
    ("https://hooks.example.com:", "port", "leave it out for 443"),
    ("https://hooks.example.com:0443", "port", "from 1 to 65535"),
    ("https://hooks.example.com:65536", "port", "from 1 to 65535"),
    ("https://hooks.example.com:80", "port", "1024 and above"),
    ("https://hooks.example.com:6379", "port", "where Redis usually listens"),
    ("https://hooks.example.com/%zz", "percent", "Write %25"),
    ("https://hooks.example.com/?a[]=1", "character", "Write %5B"),
    ("https://hooks.example.com/\u20ac", "character", "Write %E2%82%AC"),
]


@pytest.fixture(autouse=True)
def own_hosts(settings: Settings) -> None:
    settings.WEBHOOK_OWN_HOSTS = ["self.ourservice.example.com", "Self.Ours.example.com", ".apps.example.com"]
    settings.WEBHOOKS_ALLOW_LOOPBACK = False


@pytest.mark.parametrize("url", ACCEPTED)
def test_a_public_https_url_is_accepted(url: str) -> None:
    """A public HTTPS URL is accepted."""
    assert check_url(url)


@pytest.mark.parametrize("url", REFUSED)
def test_anything_else_is_refused(url: str) -> None:
    """Anything else is refused."""
    with pytest.raises(ValidationError):
        check_url(url)


@pytest.mark.parametrize(("url", "normalised"), NORMALISED)
def test_what_has_many_spellings_is_stored_in_one_and_the_rest_untouched(url: str, normalised: str) -> None:
    """What has many spellings is stored in one, the rest untouched."""
    assert check_url(url) == normalised


@pytest.mark.parametrize(("url", "code", "words"), RULES, ids=[case[0][:50] for case in RULES])
def test_a_refusal_names_its_rule_and_what_to_write(url: str, code: str, words: str) -> None:
    """A refusal names its rule and what to write instead."""
    with pytest.raises(ValidationError) as refusal:
        check_url(url)
    assert refusal.value.code == code
    assert words in refusal.value.message


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:9000/hook",
        "https://localhost/",
        "http://127.0.0.80:27990/ok/1",
        "http://[::1]:9200/",
        "http://hooks.example.com/",
    ],
)
def test_development_admits_http_and_loopback(settings: Settings, url: str) -> None:
    """Development admits http and loopback."""
    settings.WEBHOOKS_ALLOW_LOOPBACK = True
    assert check_url(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "http://10.0.0.1/",
        "http://[127.0.0.1]/",
        "http://[fc00::1]/",
        "http://127.1/",
        "http://localhost:22/",
        "http://printer/",
        "ftp://localhost/",
    ],
)
def test_development_admits_nothing_else(settings: Settings, url: str) -> None:
    """Development admits nothing else."""
    settings.WEBHOOKS_ALLOW_LOOPBACK = True
    with pytest.raises(ValidationError):
        check_url(url)


PIECES = st.sampled_from(
    [
        "https://",
        "http:",
        "//",
        "@",
        ":",
        ":443",
        "[",
        "]",
        "::1",
        "%",
        "%41",
        ".",
        "xn--",
        "a",
        "1",
        "0x",
        "?",
        "#",
    ]
)


@given(st.text() | st.lists(PIECES | st.text(max_size=3)).map("".join).map("https://".__add__))
def test_any_text_is_accepted_unchanged_in_meaning_or_refused(url: str) -> None:
    """Any text is accepted once and for all, or refused with a ValidationError."""
    try:
        normalised = check_url(url)
    except ValidationError:
        return
    assert check_url(normalised) == normalised


@pytest.mark.parametrize("piece", ["a", ".", "a.", "%", "@", ":", "/", "-", "xn--", "1."])
def test_a_hostile_url_takes_no_time(piece: str) -> None:
    """A hostile URL takes no time, however long it is."""
    started = time.thread_time()
    for url in ("https://" + piece * 1_000_000, "https://" + (piece * 2_040)[:2_040]):
        with pytest.raises(ValidationError):
            check_url(url)
    assert time.thread_time() - started < 0.1
