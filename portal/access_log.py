"""The web server's log of requests, without what opens doors."""

import re
from typing import Any

from gunicorn.glogging import Logger

#: Links whose last part is a secret: an invitation, a new password.
SECRET = re.compile(r"(/(?:invitation|password-reset/[^/\s]+)/)[^/\s?]+")


class AccessLog(Logger):
    """gunicorn's own, with the secret parts of links left out of addresses and referrers."""

    def atoms(self, resp: Any, req: Any, environ: Any, request_time: Any) -> dict[str, Any]:
        atoms: dict[str, Any] = super().atoms(resp, req, environ, request_time)
        return {name: hide(value) if isinstance(value, str) else value for name, value in atoms.items()}


def hide(text: str) -> str:
    """Return *text* with dots for the secret part of each link in it."""
    return SECRET.sub(r"\1…", text)
