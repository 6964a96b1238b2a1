"""The code that the portal shows to partners, run as it stands, receives what the engine really sends."""

import hashlib
import hmac
import json
from datetime import timedelta

import pytest
from django.utils import timezone

from deliveries import events
from deliveries.engine.dispatcher import Dispatcher
from deliveries.events import Verification
from deliveries.models import Attempt
from tests.factories import make_webhook
from tests.integration.snippet_servers import snippet_server
from webhooks.event_types import EventType
from webhooks.verification import SNIPPETS, VECTOR

pytestmark = [pytest.mark.runtimes, pytest.mark.django_db]

HELD, ALSO_HELD, UNKNOWN = "held-by-the-receiver-0123", "whsec_" + "A" * 32, "unknown-to-the-receiver-01"

#: Go's first build on a machine takes long.
LANGUAGES = [
    pytest.param(each.name, marks=pytest.mark.slow if each.name == "go" else ())
    for each in SNIPPETS
    if each.name != "csharp"
]


@pytest.fixture(scope="module", params=LANGUAGES)
def server(request, tmp_path_factory):
    """Run the program of one language, which holds two secrets and that of the vector."""
    secrets = f"{HELD} {ALSO_HELD} {VECTOR.secret}"
    with snippet_server(request.param, secrets, tmp_path_factory.mktemp(request.param)) as server:
        yield server


@pytest.fixture(autouse=True)
def loopback(settings):
    settings.WEBHOOKS_ALLOW_LOOPBACK = True


def deliver(url, **secrets):
    """Let the engine deliver one event; return the status that it was answered with."""
    webhook = make_webhook(url=url, **secrets)
    person = {"name": "Zoë ✓", "income": 5000.0}
    verification = Verification(verification_id="ver_1", session_id=1, proof_data=person)
    events.record(partner=webhook.partner, event_type=EventType.COMPLETED, verification=verification)
    Dispatcher(in_flight=4).run()
    attempt = Attempt.objects.get(delivery__webhook=webhook)
    return attempt.status_code or attempt.detail


def rolled(*, hours, to, since):
    """Return the secrets of a webhook whose overlap ends in so many hours."""
    ends_at = timezone.now() + timedelta(hours=hours)
    return {"secret": to, "previous_secret": since, "previous_secret_expires_at": ends_at}


@pytest.mark.parametrize(
    ("secrets", "status"),
    [
        ({"secret": HELD}, 200),
        ({"secret": ALSO_HELD}, 200),
        ({"secret": UNKNOWN}, 401),
        (rolled(hours=1, to=UNKNOWN, since=HELD), 200),
        (rolled(hours=1, to=HELD, since=UNKNOWN), 401),
        (rolled(hours=1, to=HELD, since=ALSO_HELD), 200),
        (rolled(hours=-1, to=HELD, since=UNKNOWN), 200),
        (rolled(hours=-1, to=UNKNOWN, since=HELD), 401),
    ],
    ids=[
        "its secret",
        "the other of its two",
        "a wrong secret",
        "rolled, and it holds the old one",
        "rolled, and it holds only the new one too soon",
        "rolled, and it holds both",
        "the overlap is over, and it holds the new one",
        "the overlap is over, and it holds the old one",
    ],
)
def test_it_accepts_what_is_signed_with_a_secret_that_it_holds(server, secrets, status):
    assert deliver(server.url, **secrets) == status


@pytest.fixture
def real(receiver):
    """What the engine really sent, with the first secret: the body and its headers."""
    assert deliver(receiver.url(), secret=HELD) == 200
    [request] = receiver.received()
    return request.body, {"x-webhook-signature": request.headers["x-webhook-signature"]}


def test_it_refuses_all_that_was_tampered_with_and_goes_on(server, real):
    body, headers = real
    signature = headers["x-webhook-signature"]
    refused = {
        "longer body": (body + b" ", headers),
        "changed body": (body.replace(b"ver_1", b"ver_2"), headers),
        "parsed and written again": (json.dumps(json.loads(body)).encode(), headers),
        "no body": (b"", headers),
        "no header": (body, {}),
        **{
            f"header {text!r:.20}": (body, {"x-webhook-signature": text})
            for text in ("", "no hex", "z" * 64, signature[:-1], signature + "0", f"sha256={signature}",
                         "\xe9" * 64, "0" * 64, "0" * 5000, f"{signature}, {signature}")
        },
    }  # fmt: skip
    assert {name: server.post(*request) for name, request in refused.items()} == dict.fromkeys(refused, 401)
    assert server.post(body, headers) == 200


def test_it_accepts_the_vector(server):
    body, headers = VECTOR.body.encode(), {"x-webhook-signature": VECTOR.documented}
    assert server.post(body, headers) == 200
    assert server.post(body + b" ", headers) == 401


@pytest.mark.parametrize("language", LANGUAGES)
def test_with_no_secret_it_accepts_nothing(language, tmp_path):
    signature = hmac.new(b"", b"{}", hashlib.sha256).hexdigest()
    with snippet_server(language, "", tmp_path) as server:
        assert server.post(b"{}", {"x-webhook-signature": signature}) == 401


@pytest.mark.skip(reason="C#: no package that tests could install brings .NET; Program.cs is read, not run")
def test_the_program_in_csharp():
    """It is shown as the others are."""
