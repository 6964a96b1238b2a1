"""What is taken for the message of an HMAC. Pure."""

import json
from collections.abc import Iterator
from typing import Any

from deliveries.signature_debugger.mistakes import Mistake
from deliveries.signature_debugger.values import Signed, Variant

#: Times of attempts that are tried, the latest.
MOST_TIMESTAMPS = 12


def bodies(signed: Signed) -> list[Variant]:
    """Return what is taken for the body."""
    body = signed.body
    text = body.decode("utf-8", "replace")
    found = [Variant(body.strip() + end, Mistake.TRAILING_NEWLINE) for end in (b"\n", b"\r\n")]
    found += [Variant(word, Mistake.EMPTY_BODY) for word in (b"", b"{}", b"null", b"undefined")]
    found.append(Variant(b"[object Object]", Mistake.BODY_AS_STRING))
    found.append(Variant(body.decode("latin-1").encode(), Mistake.LATIN_1))
    found.append(Variant(text.encode("latin-1", "replace"), Mistake.LATIN_1))
    found.append(Variant(text.encode("ascii", "ignore"), Mistake.LATIN_1))
    found += _rewritten(text)
    if signed.theirs is not None:
        found.append(Variant(signed.theirs, Mistake.OTHER_BYTES))
    return found


def with_time(signed: Signed) -> list[Variant]:
    """Return what is signed by whoever takes the other header's content."""
    known = signed.timestamps[-MOST_TIMESTAMPS:] if signed.message_id else ()
    begins = (f"{signed.message_id}.{timestamp}.".encode() for timestamp in known)
    return [Variant(begin + signed.body, Mistake.STANDARD_CONTENT) for begin in begins]


def without_parts(signed: Signed, timestamp: int) -> list[Variant]:
    """Return what is signed by whoever leaves out a part of it, or has another unit of time."""
    message_id, body = signed.message_id.encode(), signed.body
    return [
        Variant(body, Mistake.BODY_ALONE),
        Variant(b"%d.%b" % (timestamp, body), Mistake.NO_ID),
        Variant(b"%b.%b" % (message_id, body), Mistake.NO_TIMESTAMP),
        Variant(b"%b.%d.%b" % (message_id, timestamp * 1000, body), Mistake.MILLISECONDS),
    ]


def _rewritten(text: str) -> list[Variant]:
    """Return what libraries make of a JSON text that they parse and write again."""
    try:
        return list(_rewritings(text, json.loads(text)))
    except (ValueError, RecursionError):
        return []  # it is no JSON, or none that anybody could parse


def _rewritings(text: str, document: Any) -> Iterator[Variant]:
    compact = (",", ":")
    for keep_letters in (True, False):
        yield _json(document, Mistake.SPACED_JSON, ensure_ascii=not keep_letters)
        for indent in (2, 4, "\t"):
            yield _json(document, Mistake.PRETTY_JSON, indent=indent, ensure_ascii=not keep_letters)
        for separators in (compact, None):
            yield _json(
                document,
                Mistake.SORTED_JSON,
                sort_keys=True,
                separators=separators,
                ensure_ascii=not keep_letters,
            )
    yield _json(document, Mistake.ASCII_JSON, separators=compact)
    yield from _escaped(document)
    yield _json(document, Mistake.COMPACT_JSON, separators=compact, ensure_ascii=False)
    yield _json(text, Mistake.BODY_AS_STRING, ensure_ascii=False)
    yield Variant(str(document).encode("utf-8", "replace"), Mistake.BODY_AS_STRING)
    if isinstance(document, dict) and "data" in document:
        yield _json(document["data"], Mistake.PART_OF_BODY, separators=compact, ensure_ascii=False)


def _escaped(document: Any) -> Iterator[Variant]:
    for ensure_ascii in (True, False):
        php = _json(document, separators=(",", ":"), ensure_ascii=ensure_ascii).value
        yield Variant(php.replace(b"/", b"\\/"), Mistake.ESCAPED_JSON)
    pretty = _json(document, indent=4).value.replace(b"/", b"\\/")
    yield Variant(pretty, Mistake.PRETTY_JSON)
    for sort_keys in (True, False):
        go = _json(document, separators=(",", ":"), ensure_ascii=False, sort_keys=sort_keys).value
        for character in b"<>&":
            go = go.replace(bytes([character]), b"\\u00%02x" % character)
        yield Variant(go, Mistake.ESCAPED_JSON)


def _json(document: Any, mistake: Mistake | None = None, **options: Any) -> Variant:
    return Variant(json.dumps(document, **options).encode("utf-8", "replace"), mistake)
