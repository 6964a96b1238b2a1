"""A local endpoint, for trying webhooks out."""

import hashlib
import hmac
import json
import re
import time
from argparse import ArgumentParser
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from webhooks.models import Webhook

WELCOME = """\
Listening on http://localhost:{port}. Point a webhook at
  /ok             to receive it
  /fail/503       to answer 503, or another status
  /hang/15        to answer after 15 seconds, or another time
  /redirect/302   to answer with a redirect, or another kind of it
"""

#: How a path asks for a status other than 200, and what it gets if it names none.
STATUSES = {re.compile(r"/fail(?:/([45]\d\d))?"): 500, re.compile(r"/redirect(?:/(3\d\d))?"): 302}
HANG = re.compile(r"/hang(?:/(\d{1,3}))?")


class Command(BaseCommand):
    help = (
        "Receive webhooks on this machine, verify their signatures as the documentation says, "
        "and print them. The path says how to answer."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=9000, help="where to listen (default: 9000)")
        parser.add_argument(
            "--secret", help="the signing secret; without it, the one of the delivery's webhook is looked up"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        secret = options["secret"]
        look_up = secrets_of if secret is None else lambda _: [secret]
        try:
            server = _Server(options["port"], look_up, self._say)
        except OSError as error:
            raise CommandError(f"Port {options['port']}: {error.strerror}. Choose another: --port") from None
        self._say(WELCOME.format(port=server.server_port))
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            server.server_close()

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()


@dataclass(frozen=True)
class Answer:
    """What to answer, and after how many seconds."""

    status: int
    delay: int = 0


def answer_for(path: str) -> Answer:
    """Return what *path* asks for: 200 at once, unless it is one of those in the command's help."""
    if match := HANG.fullmatch(path):
        return Answer(200, delay=int(match[1] or 15))
    for pattern, default in STATUSES.items():
        if match := pattern.fullmatch(path):
            return Answer(int(match[1] or default))
    return Answer(200)


def verdict(body: bytes, signature: str | None, secrets: list[str]) -> str:
    """Say whether *signature* is the documented one for *body*: HMAC-SHA256 in hex, with any of *secrets*."""
    if signature is None:
        return "NO SIGNATURE"
    if not secrets:
        return "signature not checked: no secret known (--secret)"
    expected = [hmac.new(secret.encode(), body, hashlib.sha256).hexdigest() for secret in secrets]
    matches = [hmac.compare_digest(each.encode(), signature.encode()) for each in expected]
    return "signature verified" if any(matches) else "WRONG SIGNATURE"


def secrets_of(message_id: str) -> list[str]:
    """Return the secrets of the webhook that this delivery belongs to; none if it is not one of ours."""
    try:
        webhooks = list(Webhook.objects.filter(deliveries__public_id=message_id))
        return [secret for each in webhooks for secret in (each.secret, each.previous_secret) if secret]
    finally:
        connection.close()  # every request has a thread, and so a connection, of its own


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 100

    def __init__(self, port: int, look_up: Callable[[str], list[str]], say: Callable[[str], None]) -> None:
        self.look_up = look_up
        self.say = say
        super().__init__(("127.0.0.1", port), _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        answer = answer_for(self.path)
        self.server.say(self._line(body, answer))
        time.sleep(answer.delay)
        self.send_response(answer.status)
        if 300 <= answer.status < 400:
            self.send_header("Location", "/ok")
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps({"received": answer.status == HTTPStatus.OK}).encode())

    def _line(self, body: bytes, answer: Answer) -> str:
        message_id = self.headers.get("webhook-id", "")
        signature = self.headers.get("x-webhook-signature")
        judged = verdict(body, signature, self.server.look_up(message_id))
        after = f" after {answer.delay} s" if answer.delay else ""
        moment = datetime.now(UTC).strftime("%H:%M:%S")
        return f"{moment} {self.path} {_type(body)} {message_id}: {judged}; answering {answer.status}{after}"

    def log_message(self, *_: object) -> None:
        """Say nothing more: each request has its line."""


def _type(body: bytes) -> str:
    """Return the event type that *body* names, if it does."""
    try:
        return str(json.loads(body)["type"])
    except (ValueError, TypeError, KeyError):
        return "(no event)"
