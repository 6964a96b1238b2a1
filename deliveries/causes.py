"""Why an attempt failed: a name for the log, and words for the partner's developer. Pure."""

from enum import StrEnum


class Cause(StrEnum):
    #: The host name does not resolve, or not in time.
    DNS = "dns"
    #: The host resolves to an address that we never connect to.
    FORBIDDEN_ADDRESS = "forbidden_address"
    #: Nothing accepts connections there.
    CONNECT = "connect"
    #: The encrypted connection could not be made, or its certificate does not hold.
    TLS = "tls"
    #: No complete answer within the deadline.
    TIMEOUT = "timeout"
    #: The connection was closed or reset before a complete answer.
    DISCONNECT = "disconnect"
    #: What came back is not HTTP.
    INVALID_RESPONSE = "invalid_response"
    #: A 3xx answer, which we do not follow.
    REDIRECT = "redirect"
    #: Any other answer that is not 2xx.
    STATUS = "status"
    #: Our own fault: the request could not be built or sent.
    INTERNAL = "internal"


def cause_of_status(status_code: int) -> Cause | None:
    """Return why an answer with this status is a failure; None if it is a success."""
    if 200 <= status_code < 300:
        return None
    return Cause.REDIRECT if 300 <= status_code < 400 else Cause.STATUS
