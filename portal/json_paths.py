"""What every reader of JSON must know of it, and how messages name a place in it: `$.data.items[3]`. Pure."""

import json

#: JavaScript's Number.MAX_SAFE_INTEGER: integers beyond it lose digits there.
MAX_SAFE_INTEGER = 2**53 - 1

#: Characters of a path that a message shows.
MAX_LENGTH = 200


def step(key: str | int) -> str:
    """Return one step of a path: into an object's member, or a list's item."""
    if isinstance(key, int):
        return f"[{key}]"
    return f".{key}" if key.isascii() and key.isidentifier() else f"[{json.dumps(key)}]"


def shortened(path: str) -> str:
    """Cut a path that is too long to show."""
    return path if len(path) <= MAX_LENGTH else path[:MAX_LENGTH] + "…"
