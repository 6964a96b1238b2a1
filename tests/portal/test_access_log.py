"""What the web server's log says of a request."""

from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.conf import settings
from gunicorn.config import Config

from portal.access_log import AccessLog
from portal.redaction import hide_links

TOKEN = "q0Xn-secret_part"


@pytest.mark.parametrize(
    ("said", "logged"),
    [
        (f"GET /invitation/{TOKEN}/ HTTP/1.1", "GET /invitation/…/ HTTP/1.1"),
        (f"GET /invitation/{TOKEN} HTTP/1.1", "GET /invitation/… HTTP/1.1"),
        (f"GET /password-reset/MQ/{TOKEN}/ HTTP/1.1", "GET /password-reset/MQ/…/ HTTP/1.1"),
        (f"https://portal.example.com/invitation/{TOKEN}/", "https://portal.example.com/invitation/…/"),
        ("GET /invitation/ HTTP/1.1", "GET /invitation/ HTTP/1.1"),
        ("GET /password-reset/sent/ HTTP/1.1", "GET /password-reset/sent/ HTTP/1.1"),
        ("GET /people/invitations/inv_1/resend/ HTTP/1.1", "GET /people/invitations/inv_1/resend/ HTTP/1.1"),
    ],
)
def test_the_secret_part_of_a_link_is_left_out(said: str, logged: str) -> None:
    assert hide_links(said) == logged


def test_nothing_that_a_format_may_name_holds_it() -> None:
    path = f"/invitation/{TOKEN}/"
    environ = {
        "REQUEST_METHOD": "GET",
        "RAW_URI": path,
        "PATH_INFO": path,
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_REFERER": f"https://portal.example.com{path}",
    }
    response = SimpleNamespace(status="302 Found", sent=0, headers=[])
    request = SimpleNamespace(headers=[("REFERER", environ["HTTP_REFERER"])])
    atoms = AccessLog(Config()).atoms(response, request, environ, timedelta(seconds=1))
    assert atoms["r"] == "GET /invitation/…/ HTTP/1.1"
    assert [name for name, value in atoms.items() if TOKEN in str(value)] == []


def test_the_web_process_writes_its_log_this_way() -> None:
    assert "--logger-class portal.access_log.AccessLog" in Path(settings.BASE_DIR, "Procfile").read_text()
