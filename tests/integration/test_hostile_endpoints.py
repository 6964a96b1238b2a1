"""
All that endpoints do on purpose, done at once to one worker while others are owed theirs.

The judge is the delivery log: what each attempt says, how long it took, and whose answer it holds.
"""

import re
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
import trustme
from django.db.models import Q

from deliveries.causes import Cause, cause_of_status
from deliveries.models import Attempt, Delivery
from deliveries.sender import DEADLINE
from tests.behaviours import (
    ANSWERED,
    BROKEN,
    CERTIFICATES,
    HEAD,
    HOST,
    LATE,
    NO_TLS,
    POISON,
    REDIRECTS,
    STALLED_BODY,
    context_of,
    poisoning,
    redirecting,
)
from tests.factories import make_partner, make_webhook
from tests.faults.backend import emit
from tests.faults.stack import shaped
from tests.hostile import OK, TOKEN, Behaviour, Server, Talk, answering, serving
from tests.stack import WORKER, Process, Stack
from tests.waiting import eventually
from webhooks.models import Webhook

pytestmark = pytest.mark.slow

#: Bytes by which two hundred hostile endpoints may swell a worker.
MOST_MEMORY = 50_000_000
#: What an attempt may take beyond the deadline while hundreds of threads share two cores, in ms.
SLACK = 1_500

OWN_TOKEN = answering(HEAD + b"Content-Length: 8\r\n\r\n" + TOKEN)

Serve = Callable[..., Server]


@dataclass(frozen=True)
class Verdict:
    """What the log must say of every attempt at an endpoint."""

    status_code: int | None = None
    cause: str = ""
    words: str = ""

    def fits(self, attempt: Attempt) -> bool:
        said = (attempt.status_code, attempt.cause) == (self.status_code, self.cause)
        return said and self.words in attempt.detail and bool(attempt.detail) == bool(self.cause)


@dataclass(frozen=True)
class Endpoint:
    """One endpoint, and the webhook that leads there."""

    name: str
    server: Server
    webhook: Webhook
    verdict: Verdict

    @property
    def attempts(self) -> list[Attempt]:
        """The requests that it got, in their order: times of different batches may differ by some ms."""
        return list(Attempt.objects.filter(delivery__webhook=self.webhook).order_by("delivery", "number"))


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Return what starts a server for the time of the test."""
    with ExitStack() as servers:
        yield lambda behaviour, tls=None: servers.enter_context(serving(behaviour, tls=tls))


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def good_tls(authority: trustme.CA) -> ssl.SSLContext:
    return context_of(authority.issue_cert(HOST))


@pytest.fixture
def worker(stack: Stack, authority: trustme.CA, tmp_path: Path) -> Process:
    """Return a worker that trusts the test's own authority too, and finds HOST on this machine."""
    pem = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(pem))
    worker = stack.start("worker", *shaped(WORKER), FAULTS_AUTHORITY=str(pem), FAULTS_DNS="here")
    worker.wait_to_say(" ready.")
    return worker


def judged(trap: str) -> Iterator[tuple[str, Behaviour, Verdict]]:
    """Yield what can be done in the clear as well as over TLS; *trap* is where redirects lead."""
    for name, (behaviour, status_code) in ANSWERED.items():
        yield name, behaviour, Verdict(status_code, cause_of_status(status_code) or "")
    for name, behaviour in STALLED_BODY.items():
        yield name, behaviour, Verdict(200)
    for name, behaviour in LATE.items():
        yield name, behaviour, Verdict(None, Cause.TIMEOUT, "waiting for the answer's headers")
    for name, (behaviour, cause, words) in BROKEN.items():
        yield name, behaviour, Verdict(None, cause, words)
    for code in REDIRECTS:
        yield f"redirect {code}", redirecting(code, trap), Verdict(code, Cause.REDIRECT, f"pointed to {trap}")


def hostile(serve: Serve, authority: trustme.CA, good_tls: ssl.SSLContext, trap: str) -> Iterator[Endpoint]:
    """Yield every hostile endpoint, all of one partner."""
    partner = make_partner()
    make = partial(_endpoint, partner=partner)
    for name, behaviour, verdict in judged(trap):
        yield make(name, serve(behaviour), verdict)
        yield make(name, serve(behaviour, good_tls), verdict, scheme="https")
    for name, (context, words) in CERTIFICATES.items():
        server = serve(answering(OK), context(authority))
        yield make(name, server, Verdict(None, Cause.TLS, words), scheme="https")
    for name, (behaviour, cause, words) in NO_TLS.items():
        yield make(f"TLS: {name}", serve(behaviour), Verdict(None, cause, words), scheme="https")
    with serving(Talk.hang) as closed:
        pass
    yield make("closed port", closed, Verdict(None, Cause.CONNECT, "nothing is listening"))


def poisoned(serve: Serve, tls: ssl.SSLContext | None) -> list[Endpoint]:
    """Return endpoints that answer more than they were asked, each of a partner of its own."""
    own = Verdict(500, Cause.STATUS, "500")
    return [
        _endpoint(name, serve(poisoning(*parts), tls), own, scheme="https" if tls else "http")
        for name, parts in POISON.items()
    ]


def healthy(serve: Serve, tls: ssl.SSLContext | None, count: int = 1) -> list[Endpoint]:
    """Return endpoints that answer with their own token, each of a partner of its own."""
    scheme = "https" if tls else "http"
    return [_endpoint("healthy", serve(OWN_TOKEN, tls), Verdict(200), scheme=scheme) for _ in range(count)]


def _endpoint(name: str, server: Server, verdict: Verdict, *, scheme: str = "http", **fields) -> Endpoint:
    webhook = make_webhook(url=f"{scheme}://{HOST}:{server.port}/", **fields)
    return Endpoint(f"{name}, {scheme}", server, webhook, verdict)


def test_whatever_two_hundred_endpoints_do_at_once(serve, worker, authority, good_tls):
    trap = serve(answering(OK))
    before, beside, after = (healthy(serve, good_tls, 5) for _ in range(3))
    all_hostile = list(hostile(serve, authority, good_tls, f"http://{HOST}:{trap.port}/"))
    two_faced = [*poisoned(serve, None), *poisoned(serve, good_tls)]
    assert len({each.name.partition(",")[0] for each in all_hostile}) >= 100
    assert len(all_hostile) + len(two_faced) >= 200

    deliver(before, within=5)
    idle = peak_memory(worker)
    emit(all_hostile[0].webhook)
    for each in two_faced:
        emit(each.webhook)
    deliver(beside, within=5)
    emit_again_after_the_first_answer(two_faced)
    eventually(lambda: not untried(all_hostile), within=DEADLINE + 5)
    deliver(after, within=5)
    swollen = peak_memory(worker) - idle

    assert wrong(all_hostile) == {}
    assert wrong([*before, *beside, *after]) == {}
    assert second_answers_that_are_not_their_own(two_faced) == {}
    assert foreign_tokens([*all_hostile, *before, *beside, *after]) == []
    assert out_of_time() == []
    assert trap.connections == 0
    assert [each.name for each in all_hostile if any(b"\nCookie" in r for r in each.server.requests)] == []
    assert "Traceback" not in worker.log.read_text()
    assert swollen < MOST_MEMORY, f"The worker grew by {swollen:,} bytes."


def deliver(endpoints: list[Endpoint], *, within: float) -> None:
    """Emit an event to each of them, and wait until all have it."""
    for each in endpoints:
        emit(each.webhook)
    owed = Delivery.objects.filter(webhook__in=[each.webhook for each in endpoints])
    eventually(lambda: not owed.exclude(status=Delivery.Status.SUCCEEDED).exists(), within=within)


def emit_again_after_the_first_answer(endpoints: list[Endpoint]) -> None:
    """Emit to each what may go over the connection that its first answer came on."""
    waiting = {each.webhook.pk: each.webhook for each in endpoints}

    def go_on() -> bool:
        tried = Attempt.objects.filter(delivery__webhook__in=list(waiting))
        for webhook in set(tried.values_list("delivery__webhook", flat=True)):
            emit(waiting.pop(webhook))
        return not waiting

    eventually(go_on, within=DEADLINE + 5)


def untried(endpoints: list[Endpoint]) -> list[str]:
    tried = set(Attempt.objects.values_list("delivery__webhook", flat=True))
    return [each.name for each in endpoints if each.webhook.pk not in tried]


def wrong(endpoints: list[Endpoint]) -> dict[str, list[str]]:
    """Return what the log says where it says anything else than the verdict."""
    said = {each.name: [_said(a) for a in each.attempts if not each.verdict.fits(a)] for each in endpoints}
    return {name: words for name, words in said.items() if words}


def second_answers_that_are_not_their_own(endpoints: list[Endpoint]) -> dict[str, list[str]]:
    """Return what was taken for the answer to any request but the first."""
    later = {each.name: each.attempts[1:] for each in endpoints}
    assert all(later.values())
    stolen = {name: [_said(a) for a in attempts if a.response != "own"] for name, attempts in later.items()}
    return {name: words for name, words in stolen.items() if words}


def foreign_tokens(endpoints: list[Endpoint]) -> list[str]:
    """Return who has another's token in the log, and who was well and does not have the own one."""
    return [
        each.name
        for each in endpoints
        for attempt in each.attempts
        if set(re.findall(r"tok\d{5}", attempt.response)) - {each.server.token.decode()}
        or (each.name.startswith("healthy") and attempt.response != each.server.token.decode())
    ]


def out_of_time() -> list[str]:
    """Return the attempts that were not cut at the deadline, and those that were cut before it."""
    deadline = round(DEADLINE * 1000)
    late = Q(duration_ms__gt=deadline + SLACK)
    early = Q(duration_ms__lt=deadline - 10, cause=Cause.TIMEOUT)
    return [_said(attempt) for attempt in Attempt.objects.filter(late | early)]


def _said(attempt: Attempt) -> str:
    what = f"{attempt.status_code} {attempt.cause} {attempt.duration_ms} ms: {attempt.detail}"
    return f"{what} {attempt.response[:40]!r}"


def peak_memory(process: Process) -> int:
    """Return the most memory that *process* has ever had, in bytes."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024
