"""What stands where something may not be shown. Pure."""

MASK = "••••••••"


def without_query(url: str) -> str:
    """Return *url* with its query masked: some partners keep a token there."""
    path, question_mark, _ = url.partition("?")
    return f"{path}?{MASK}" if question_mark else path
