"""A body as people read it. Pure."""

import re

TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^"{}\[\],:\s]+')

OPENING, CLOSING = ("{", "["), ("}", "]")

INDENT = "  "
#: Deeper levels are not moved further to the right: a hostile body would grow without measure.
DEEPEST = 20


def indented(body: str) -> str:
    """
    Return the JSON text *body* with one member a line.

    Every token stays as it was sent: a parser would write numbers its own way.
    """
    lines, line, depth = [], "", 0
    tokens = TOKEN.findall(body)
    for part, following in zip(tokens, [*tokens[1:], ""], strict=True):
        line += part + (" " if part == ":" else "")
        depth += (part in OPENING) - (following in CLOSING)
        if _breaks(part, following):
            lines.append(line)
            line = INDENT * min(depth, DEEPEST)
    return "\n".join([*lines, line])


def _breaks(part: str, following: str) -> bool:
    """Whether a line ends between two tokens; empty objects and lists stay on theirs."""
    if part in OPENING:
        return following not in CLOSING
    return part == "," or following in CLOSING
