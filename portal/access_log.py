"""The web server's log of requests, without what opens doors."""

from typing import Any

from gunicorn.glogging import Logger

from portal.redaction import hide_links


class AccessLog(Logger):  # type: ignore[misc] # gunicorn has no types
    """gunicorn's own, with the secret parts of links left out of addresses and referrers."""

    def atoms(self, resp: Any, req: Any, environ: Any, request_time: Any) -> dict[str, Any]:
        atoms: dict[str, Any] = super().atoms(resp, req, environ, request_time)
        return {name: hide_links(value) if isinstance(value, str) else value for name, value in atoms.items()}
