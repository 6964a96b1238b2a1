"""A request as a command that a person can paste into a shell. Pure."""

import shlex
from collections.abc import Mapping

#: curl writes these itself.
OWN = {"host", "content-length", "connection"}


def as_curl(url: str, headers: Mapping[str, str], body: str) -> str:
    """
    Return the request as a cURL command for any POSIX shell.

    Masked header values stay masked: whoever pastes it knows them.
    """
    # Brackets in a URL are no ranges to walk through, and a body that begins with @ is no file name.
    first = f"curl --globoff --request POST {shlex.quote(url)}"
    theirs = [_header(name, value) for name, value in headers.items() if name.lower() not in OWN]
    lines = [f"--header {shlex.quote(header)}" for header in theirs]
    return " \\\n  ".join([first, *lines, f"--data-raw {shlex.quote(body)}"])


def _header(name: str, value: str) -> str:
    """Return a header as curl wants it; with a colon, an empty one would be left out."""
    return f"{name}: {value}" if value else f"{name};"
