"""Every error that the log can show has its section."""

import errno
import shlex
import socket
import ssl
from io import BytesIO
from typing import Any

import pytest
from gevent.event import AsyncResult

from deliveries.causes import CAUSES, KINDS, Cause, cause_of_status, explain
from deliveries.docs.topics import EXPLANATIONS, GROUPS, command_for, unsigned_request
from deliveries.sender import Phase, SendError
from deliveries.sender.answer import MAX_HEAD, read_head
from deliveries.sender.exchange import DOING, Exchange
from deliveries.sender.failures import certificate_fault, failure
from deliveries.sender.names import Name, Resolver

TOPICS = [topic for _, group in GROUPS for topic in group]
ANCHORS = [topic.anchor for topic in TOPICS]


@pytest.mark.parametrize("cause", Cause)
def test_every_cause_has_a_section(cause):
    assert explain(cause).anchor in ANCHORS


def test_every_status_has_a_section():
    failures = [(code, cause) for code in range(100, 1000) if (cause := cause_of_status(code))]
    assert {explain(cause, code).anchor for code, cause in failures} <= set(ANCHORS)


@pytest.mark.parametrize("kind", KINDS, ids=lambda each: each.words)
def test_every_kind_has_a_section(kind):
    explanation = explain(kind.cause, None, f"Something {kind.words} something.")
    assert explanation == kind.explanation
    assert explanation.anchor in ANCHORS


def test_no_section_stands_twice_or_for_nothing():
    assert sorted(ANCHORS) == sorted({each.anchor for each in EXPLANATIONS})


@pytest.mark.parametrize("topic", TOPICS, ids=lambda each: each.anchor)
def test_every_section_says_what_to_do(topic):
    assert topic.meaning.endswith(".")
    assert topic.fixes
    assert topic.command or topic.anchor in {"template", "internal"}


HOSTILE = "https://a.example.com:8443/in?a=1&b=$(x)'\"`y`"


@pytest.mark.parametrize("topic", [each for each in TOPICS if each.command], ids=lambda each: each.anchor)
def test_a_command_is_for_the_partners_own_endpoint_and_nothing_else(topic):
    words = shlex.split(command_for(topic, HOSTILE))
    assert HOSTILE in words or "a.example.com" in words or "a.example.com:8443" in words
    assert "{" not in "".join(words).replace("{}", "").replace("%{", "")


@pytest.mark.parametrize(
    ("url", "place"),
    [("https://a.example.com/", "443"), ("http://localhost/", "80"), ("https://a.example.com:8443/", "8443")],
)
def test_a_command_names_the_port(url, place):
    refused = next(topic for topic in TOPICS if topic.anchor == "connect-refused")
    assert shlex.split(command_for(refused, url))[-1] == place


def test_an_unsigned_request_goes_to_the_endpoint():
    assert shlex.split(unsigned_request(HOSTILE))[-1] == HOSTILE


# --- What the sender says leads to its section ----------------------------------------------------------


def tls(reason: str) -> Exception:
    error = ssl.SSLError(1, reason)
    error.reason = reason
    return error


def certificate(code: int) -> SendError:
    error = ssl.SSLCertVerificationError()
    error.verify_code, error.verify_message = code, "some message"
    return certificate_fault(error, "hooks.example.com", None)


def timed_out(phase: Phase) -> SendError:
    with pytest.raises(SendError) as caught, Exchange(10) as exchange, exchange.during(phase):
        raise TimeoutError
    return caught.value


class Silent(Resolver):
    """Name servers that never answer."""

    def _ask(self, name: Name) -> Any:  # noqa: ARG002 - as its base has it
        return AsyncResult()


def name_servers() -> SendError:
    with pytest.raises(SendError) as caught:
        Silent().look_up("hooks.example.com", 443, 0.001)
    return caught.value


def too_large() -> SendError:
    with pytest.raises(SendError) as caught:
        read_head(BytesIO(b"HTTP/1.1 200 OK\r\nX-A: " + bytes(MAX_HEAD)))
    return caught.value


SAID = [
    (failure(Phase.DNS, socket.gaierror(socket.EAI_NONAME, "")), "dns"),
    (failure(Phase.DNS, socket.gaierror(socket.EAI_AGAIN, "")), "dns-servers"),
    (name_servers(), "dns-servers"),
    (timed_out(Phase.DNS), "dns-servers"),
    (failure(Phase.CONNECT, ConnectionRefusedError()), "connect-refused"),
    (failure(Phase.CONNECT, OSError(errno.EHOSTUNREACH, "")), "connect"),
    (timed_out(Phase.CONNECT), "timeout-connect"),
    (certificate(10), "tls-expired"),
    (certificate(9), "tls-expired"),
    (certificate(18), "tls-issuer"),
    (certificate(20), "tls-issuer"),
    (certificate(62), "tls-name"),
    (certificate(26), "tls"),
    (failure(Phase.TLS, tls("WRONG_VERSION_NUMBER")), "tls-protocol"),
    (failure(Phase.TLS, tls("UNSUPPORTED_PROTOCOL")), "tls-protocol"),
    (failure(Phase.TLS, tls("TLSV1_UNRECOGNIZED_NAME")), "tls-name"),
    (failure(Phase.TLS, tls("TLSV13_ALERT_CERTIFICATE_REQUIRED")), "tls-client"),
    (failure(Phase.TLS, ssl.SSLEOFError()), "tls"),
    (timed_out(Phase.TLS), "timeout-tls"),
    (timed_out(Phase.SEND), "timeout-send"),
    (timed_out(Phase.WAIT), "timeout"),
    (failure(Phase.WAIT, ConnectionResetError()), "disconnect"),
    (failure(Phase.WAIT, ValueError()), "invalid-response"),
    (too_large(), "answer-too-large"),
]


@pytest.mark.parametrize(("error", "anchor"), SAID, ids=[f"{error.detail}" for error, _ in SAID])
def test_what_the_sender_says_leads_to_its_section(error, anchor):
    assert explain(error.cause, None, error.detail).anchor == anchor


def test_every_kind_is_one_that_the_sender_can_say():
    said = {explain(error.cause, None, error.detail).title for error, _ in SAID}
    assert {kind.explanation.title for kind in KINDS} <= said


def test_every_phase_can_time_out():
    assert {timed_out(phase).detail.partition("while ")[2] for phase in Phase} == {
        f"{each}." for each in DOING.values()
    }


def test_a_certificates_names_do_not_lead_astray():
    """Partners choose the names in certificates, and read what they say here."""
    detail = "The certificate is for expired.example.com, not for hooks.example.com."
    assert explain(Cause.TLS, None, detail).anchor == "tls-name"


def test_without_a_detail_the_cause_speaks_for_itself():
    assert explain(Cause.TLS) is CAUSES[Cause.TLS]
