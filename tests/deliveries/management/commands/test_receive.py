"""manage.py receive."""

import hashlib
import hmac
import threading
from collections.abc import Iterator

import pytest
import requests
from django.core.management import CommandError, call_command

from deliveries.management.commands.receive import Answer, _Server, answer_for, secrets_of, verdict
from tests.factories import make_delivery, make_webhook

BODY = b'{"type":"verification.completed"}'
SECRET = "whsec_of_the_partner"


def signed(body: bytes, secret: str) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/ok", Answer(200)),
        ("/", Answer(200)),
        ("/anything/else", Answer(200)),
        ("/fail/503", Answer(503)),
        ("/fail/404", Answer(404)),
        ("/fail", Answer(500)),
        ("/fail/200", Answer(200)),
        ("/hang/15", Answer(200, delay=15)),
        ("/hang", Answer(200, delay=15)),
        ("/redirect/301", Answer(301)),
        ("/redirect", Answer(302)),
    ],
)
def test_the_path_says_how_to_answer(path: str, answer: Answer) -> None:
    assert answer_for(path) == answer


@pytest.mark.parametrize(
    ("signature", "secrets", "words"),
    [
        (signed(BODY, SECRET), [SECRET], "signature verified"),
        (signed(BODY, "old"), ["new", "old"], "signature verified"),
        (signed(BODY + b" ", SECRET), [SECRET], "WRONG SIGNATURE"),
        (signed(BODY, "another"), [SECRET], "WRONG SIGNATURE"),
        ("señal", [SECRET], "WRONG SIGNATURE"),
        (None, [SECRET], "NO SIGNATURE"),
        (signed(BODY, SECRET), [], "signature not checked"),
    ],
)
def test_the_signature_is_judged_as_documented(signature: str | None, secrets: list[str], words: str) -> None:
    assert verdict(BODY, signature, secrets).startswith(words)


@pytest.mark.django_db
def test_the_secrets_are_those_of_the_deliverys_webhook(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django.db.connection.close", lambda: None)  # it holds this test's transaction
    make_webhook(secret="not this one")
    delivery = make_delivery(webhook=make_webhook(secret="new", previous_secret="old"))
    assert secrets_of(delivery.public_id) == ["new", "old"]


@pytest.mark.django_db
def test_a_delivery_of_somebody_else_has_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django.db.connection.close", lambda: None)
    assert secrets_of("msg_unknown") == []


@pytest.fixture
def lines(socket_enabled: None) -> list[str]:
    return []


@pytest.fixture
def address(lines: list[str]) -> Iterator[str]:
    with _Server(0, lambda _: [SECRET], lines.append) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_each_delivery_is_printed_with_its_verdict(address: str, lines: list[str]) -> None:
    headers = {"x-webhook-signature": signed(BODY, SECRET), "webhook-id": "msg_1"}
    requests.post(f"{address}/ok", data=BODY, headers=headers, timeout=5)
    [line] = lines
    assert "/ok verification.completed msg_1: signature verified; answering 200" in line


def test_a_redirect_names_another_place(address: str) -> None:
    response = requests.post(f"{address}/redirect/302", data=BODY, timeout=5, allow_redirects=False)
    assert (response.status_code, response.headers["Location"]) == (302, "/ok")


def test_what_is_no_event_is_received_too(address: str, lines: list[str]) -> None:
    response = requests.post(f"{address}/fail/503", data=b"[]", timeout=5)
    assert response.status_code == 503
    assert "(no event)" in lines[0]


def test_a_taken_port_is_answered_with_the_way_out(address: str) -> None:
    with pytest.raises(CommandError, match=r"Choose another: --port"):
        call_command("receive", "--port", address.rpartition(":")[2])
