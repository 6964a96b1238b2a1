"""A body as people read it. Pure."""

import re

TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^"{}\[\],:\s]+')

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
    for token, following in zip(tokens, [*tokens[1:], ""], strict=True):
        line += token + (" " if token == ":" else "")
        depth += (token in ("{", "[")) - (following in ("}", "]"))
        if _breaks(token, following):
            lines.append(line)
            line = INDENT * min(depth, DEEPEST)
    return "\n".join([*lines, line])


def _breaks(token: str, following: str) -> bool:
    """Whether a line ends between two tokens; empty objects and lists stay on theirs."""
    if token in ("{", "["):
        return following not in ("}", "]")
    return token == "," or following in ("}", "]")
