"""Which headers a partner may add to every request."""

import re
from collections.abc import Iterable, Sequence

from django.core.exceptions import ValidationError

MAX_HEADERS = 20
MAX_NAME = 64
MAX_VALUE = 4_096
#: What servers usually accept, counted as it is sent: name, colon, blank, value, line end.
MAX_TOTAL = 8_192

#: An RFC 9110 token without "_", which WSGI and CGI servers fold into "-".
NAME = re.compile(r"[!#$%&'*+.^`|~0-9A-Za-z-]+")
VALUE = re.compile(r"[ -~]+")

ROUTING = "It decides how the request travels, so only we set it. Leave it out."
OURS = "It is ours to set, so that nobody can mistake another request for ours. Choose another name."
TRUST = "Proxies and servers take it for a word of their own. Choose another name, such as X-Partner-Token."
POINTLESS = "It means nothing on a webhook, or we set it ourselves. Leave it out."

RESERVED = {
    name: reason
    for reason, names in {
        ROUTING: """
            host connection keep-alive proxy-connection proxy-authorization proxy-authenticate
            proxy-authentication-info te trailer transfer-encoding upgrade http2-settings expect
            alt-svc alt-used max-forwards via early-data priority
        """,
        POINTLESS: """
            accept-encoding cookie cookie2 set-cookie set-cookie2 user-agent date referer origin
            range if-range if-match if-none-match if-modified-since if-unmodified-since
            upgrade-insecure-requests
        """,
        TRUST: """
            proxy forwarded cdn-loop client-ip true-client-ip fastly-client-ip cf-connecting-ip
            cf-connecting-ipv6 cf-ipcountry cf-visitor cf-ray x-client-ip x-cluster-client-ip
            x-real-ip x-remote-ip x-remote-addr x-originating-ip x-azure-clientip
            x-azure-socketip x-proxyuser-ip x-host x-original-host x-original-url x-rewrite-url
            x-http-host-override x-http-method x-http-method-override x-method-override
            metadata metadata-flavor x-google-metadata-request
        """,
        OURS: """
            idempotency-key x-idempotency-key traceparent tracestate baggage b3 sentry-trace
            uber-trace-id x-amzn-trace-id x-cloud-trace-context x-request-id x-correlation-id
            x-trace-id
        """,
    }.items()
    for name in names.split()
}
RESERVED_PREFIXES = {
    "content-": ROUTING,
    "sec-": POINTLESS,
    "x-forwarded": TRUST,
    "x-appengine-": TRUST,
    "x-envoy-": TRUST,
    "x-aws-ec2-metadata-": TRUST,
    "webhook-": OURS,
    "x-webhook-": OURS,
    "cr3dentials-": OURS,
    "x-cr3dentials-": OURS,
    "x-b3-": OURS,
    "x-datadog-": OURS,
}
#: Whole words of a name, as in X-Hub-Signature-256.
RESERVED_WORDS = {"signature", "digest"}


def check_headers(pairs: Iterable[Sequence[str]]) -> list[tuple[str, str]]:
    """
    Return the partner's headers, values stripped of blanks.

    Raises:
        ValidationError: a name or value may not be sent; the message says why.

    """
    headers = [(_checked_name(name), _checked_value(name, value)) for name, value in pairs]
    _check_count(headers)
    _check_size(headers)
    _check_unique(headers)
    return headers


def _checked_name(name: object) -> str:
    if not isinstance(name, str) or not name.strip():
        raise ValidationError("A header needs a name, such as X-Api-Key.", code="header_name")
    if len(name) > MAX_NAME:
        raise ValidationError(
            f"A header name may have at most {MAX_NAME} characters; this one has {len(name):,}.",
            code="header_name",
        )
    if "_" in name:
        raise ValidationError(
            f"“{name}”: many servers cannot tell “_” from “-” in a header name. Write “-” instead.",
            code="header_name",
        )
    if not NAME.fullmatch(name):
        raise ValidationError(
            f"{name!r} is not a header name. Use letters, digits and hyphens, without blanks or "
            "a colon, such as X-Api-Key.",
            code="header_name",
        )
    if reason := _reserved(name.lower()):
        raise ValidationError(f"The header {name} may not be set. {reason}", code="header_reserved")
    return name


def _reserved(name: str) -> str | None:
    """Return why the lower-case *name* is not the partner's to set."""
    if not RESERVED_WORDS.isdisjoint(name.split("-")):
        return OURS
    by_prefix = (reason for prefix, reason in RESERVED_PREFIXES.items() if name.startswith(prefix))
    return RESERVED.get(name) or next(by_prefix, None)


def _checked_value(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise ValidationError(f"The value of {name} must be text.", code="header_value")
    # Blanks only: stripping more would hide a line break that somebody tries to smuggle in.
    stripped = value.strip(" ")
    if not stripped:
        raise ValidationError(f"The header {name} needs a value.", code="header_value")
    if len(stripped) > MAX_VALUE:
        raise ValidationError(
            f"The value of {name} may have at most {MAX_VALUE:,} characters; this one has {len(stripped):,}.",
            code="header_value",
        )
    if not VALUE.fullmatch(stripped):
        raise ValidationError(
            f"The value of {name} may only hold printable ASCII characters: no line break, tab or "
            "accented letter. Encode anything else, for example as base64.",
            code="header_value",
        )
    return stripped


def _check_count(headers: list[tuple[str, str]]) -> None:
    if len(headers) > MAX_HEADERS:
        raise ValidationError(
            f"A webhook may have at most {MAX_HEADERS} headers; these are {len(headers):,}.",
            code="header_count",
        )


def _check_size(headers: list[tuple[str, str]]) -> None:
    size = sum(len(f"{name}: {value}\r\n") for name, value in headers)
    if size > MAX_TOTAL:
        raise ValidationError(
            f"All headers together may have at most {MAX_TOTAL:,} bytes; these have {size:,}. "
            "Most servers refuse more. Shorten or remove some.",
            code="header_size",
        )


def _check_unique(headers: list[tuple[str, str]]) -> None:
    seen = set()
    for name, _ in headers:
        if name.lower() in seen:
            raise ValidationError(
                f"The header {name} stands there twice; upper and lower case do not count. Keep one of them.",
                code="header_twice",
            )
        seen.add(name.lower())
