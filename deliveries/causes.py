"""Why an attempt failed: a name for the log, and words for the partner's developer. Pure."""

from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus


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
    #: The webhook's payload template does not fit the event; nothing was sent.
    TEMPLATE = "template"
    #: Our own fault: the request could not be built or sent.
    INTERNAL = "internal"


@dataclass(frozen=True, slots=True)
class Explanation:
    """A failure in plain words: what it is, what to do about it, and its section in the documentation."""

    title: str
    fix: str
    anchor: str = ""


def cause_of_status(status_code: int) -> Cause | None:
    """Return why an answer with this status is a failure; None if it is a success."""
    if 200 <= status_code < 300:
        return None
    return Cause.REDIRECT if 300 <= status_code < 400 else Cause.STATUS


def explain(cause: Cause | str, status_code: int | None = None, detail: str = "") -> Explanation:
    """Explain a failed attempt to the partner's developer; *detail* is what the attempt says itself."""
    if cause == Cause.STATUS and status_code is not None:
        return explain_status(status_code)
    kinds = (kind for kind in KINDS if kind.cause == cause and kind.words in detail)
    return next((kind.explanation for kind in kinds), CAUSES[Cause(cause)])


def explain_status(status_code: int) -> Explanation:
    """Explain an answer that is neither a success nor a redirect."""
    title = f"Answered {_status_name(status_code)}"
    if fix := STATUSES.get(status_code):
        return Explanation(title, fix, f"status-{status_code}")
    if status_code >= 500:
        return Explanation(title, SERVER_ERROR, "status-5xx")
    return Explanation(title, OTHER_STATUS, "status-other")


def _status_name(status_code: int) -> str:
    try:
        return f"{status_code} {HTTPStatus(status_code).phrase}"
    except ValueError:
        return str(status_code)


CAUSES = {
    Cause.DNS: Explanation(
        "Host name not found",
        "Check the spelling of the host in the webhook's URL, and that its DNS record is published and "
        "answered from the public internet.",
        "dns",
    ),
    Cause.FORBIDDEN_ADDRESS: Explanation(
        "Address not allowed",
        "The host's DNS records must all point to public addresses. Remove the private one, or use a "
        "host name that is reachable from the internet.",
        "forbidden-address",
    ),
    Cause.CONNECT: Explanation(
        "Failed to connect to host",
        "Check that your server is running, that it listens on the port of the webhook's URL, and that "
        "your firewall lets HTTPS requests in.",
        "connect",
    ),
    Cause.TLS: Explanation(
        "Encrypted connection failed",
        "Install a valid certificate for the host from a public authority, with its intermediate "
        "certificates, and allow TLS 1.2 or newer.",
        "tls",
    ),
    Cause.TIMEOUT: Explanation(
        "Timed out",
        "Answer with a 2xx status within 10 seconds: store the notification, answer at once, and do "
        "the work afterwards.",
        "timeout",
    ),
    Cause.DISCONNECT: Explanation(
        "Connection closed before the answer",
        "Look for a crash, a restart or a proxy's limit in your server's log at this time. Your endpoint "
        "may have received the notification: the next attempt carries the same webhook-id.",
        "disconnect",
    ),
    Cause.INVALID_RESPONSE: Explanation(
        "Answer is not valid HTTP",
        "Check that the webhook's URL and port lead to your web server, and that it answers with a "
        "complete HTTP/1.1 response.",
        "invalid-response",
    ),
    Cause.REDIRECT: Explanation(
        "Answered with a redirect",
        "We do not follow redirects. Set the webhook's URL to the final address; look out for http "
        "instead of https, a missing “www.” and a slash at the end.",
        "redirect",
    ),
    Cause.STATUS: Explanation(
        "Answered with an error",
        "Answer with a 2xx status, such as 200 or 204, once you have stored the notification.",
        "status-other",
    ),
    Cause.TEMPLATE: Explanation(
        "Payload template does not fit the event",
        "Nothing was sent, and waiting would not help. Correct the webhook's payload template, or give the "
        "placeholder a value for what is missing, such as {{ data.stepId | default(null) }}; then send the "
        "notification again.",
        "template",
    ),
    Cause.INTERNAL: Explanation(
        "Not sent, through no fault of yours",
        "There is nothing to fix at your endpoint. We look into it; if it goes on, contact our support.",
        "internal",
    ),
}


@dataclass(frozen=True, slots=True)
class Kind:
    """A narrower name for a cause, known by *words* of the attempt's detail that no host name can hold."""

    cause: Cause
    words: str
    explanation: Explanation


KINDS = (
    Kind(
        Cause.DNS,
        "name servers of",
        Explanation(
            "Name servers did not answer",
            "The host's name servers are slow or broken. Check that each of them answers from the public "
            "internet, and that the delegation at your registrar names those that are up.",
            "dns-servers",
        ),
    ),
    Kind(
        Cause.CONNECT,
        "refused the connection",
        Explanation(
            "Connection refused",
            "Nothing listens on that port. Check that your server is running, and that it listens on the "
            "public address and the port of the webhook's URL, not on localhost only.",
            "connect-refused",
        ),
    ),
    Kind(
        Cause.TLS,
        "The certificate expired",
        Explanation(
            "Certificate expired",
            "Renew the certificate, then reload the web server or load balancer: many go on serving the old "
            "one until then.",
            "tls-expired",
        ),
    ),
    Kind(
        Cause.TLS,
        "The certificate is not valid",
        Explanation(
            "Certificate not valid yet",
            "Check the clock of the machine that made the certificate, and serve the one before until this "
            "one holds.",
            "tls-expired",
        ),
    ),
    Kind(
        Cause.TLS,
        "The certificate is self-signed",
        Explanation(
            "Certificate not from a public authority",
            "Install a certificate from a public certificate authority; Let's Encrypt gives them away.",
            "tls-issuer",
        ),
    ),
    Kind(
        Cause.TLS,
        "The certificate's issuer is unknown",
        Explanation(
            "Certificate's issuer not known",
            "Serve the intermediate certificates together with your own (the “full chain”). A browser may "
            "know them from elsewhere, so that it shows nothing wrong.",
            "tls-issuer",
        ),
    ),
    Kind(
        Cause.TLS,
        "not for ",
        Explanation(
            "Certificate for another host",
            "Get a certificate that names the host of the webhook's URL, or use a host that it names. On a "
            "shared server, check which certificate it picks for this host name (SNI).",
            "tls-name",
        ),
    ),
    Kind(
        Cause.TLS,
        "no certificate for this host",
        Explanation(
            "No certificate for this host",
            "Tell your server or proxy which certificate belongs to this host name (SNI).",
            "tls-name",
        ),
    ),
    Kind(
        Cause.TLS,
        "does not speak TLS",
        Explanation(
            "Port does not speak TLS",
            "The port serves plain http. Use the one that serves https, mostly 443, or turn TLS on there.",
            "tls-protocol",
        ),
    ),
    Kind(
        Cause.TLS,
        "only speaks TLS older",
        Explanation(
            "TLS too old",
            "Allow TLS 1.2 or 1.3 in your server or load balancer.",
            "tls-protocol",
        ),
    ),
    Kind(
        Cause.TLS,
        "a client certificate",
        Explanation(
            "Client certificate demanded",
            "We have none to show. Exempt this path from client certificates, and verify our signature "
            "instead.",
            "tls-client",
        ),
    ),
    Kind(
        Cause.TIMEOUT,
        "while looking up",
        Explanation(
            "Timed out while looking up the host name",
            "The host's name servers are slow or broken. Check that each of them answers from the public "
            "internet, and that the delegation at your registrar names those that are up.",
            "dns-servers",
        ),
    ),
    Kind(
        Cause.TIMEOUT,
        "while connecting",
        Explanation(
            "Timed out while connecting",
            "Our packets reach nobody, as when a firewall drops them. Let HTTPS requests from the public "
            "internet in, and check that the host's DNS record names the right address.",
            "timeout-connect",
        ),
    ),
    Kind(
        Cause.TIMEOUT,
        "waiting for the TLS handshake",
        Explanation(
            "Timed out during the TLS handshake",
            "Something accepts the connection and then stays silent: a port that serves another protocol, a "
            "load balancer without a healthy backend, or a server that is overloaded.",
            "timeout-tls",
        ),
    ),
    Kind(
        Cause.TIMEOUT,
        "while sending the request",
        Explanation(
            "Timed out while sending",
            "Your server accepted the connection and does not read from it. Check that it has workers free, "
            "and that no proxy in front of it holds requests back.",
            "timeout-send",
        ),
    ),
    Kind(
        Cause.INVALID_RESPONSE,
        "headers are longer than",
        Explanation(
            "Answer's headers too large",
            "Answer with a status and a few headers. Long ones mostly come from cookies, redirects or debug "
            "tools, which a webhook's route needs none of.",
            "answer-too-large",
        ),
    ),
)

CREDENTIALS = (
    "Your endpoint refused our credentials or our signature. Compare the webhook's headers with what your "
    "server expects, verify the signature over the raw body with the current secret, and exempt the path "
    "from login and CSRF protection."
)
LIMIT = (
    "Your server, or a proxy in front of it, limits the rate of requests. Raise the limit for our requests, "
    "or store notifications at once and do the work afterwards."
)
PROXY = (
    "A proxy or load balancer answered because your application did not. Check that the application is up."
)

STATUSES = {
    400: "Your endpoint could not read the request. It must accept a JSON body; your server's log may tell "
    "what it missed. If you use a payload template, check that the endpoint expects its form.",
    401: CREDENTIALS,
    403: f"{CREDENTIALS} A web application firewall may also have blocked us: let our requests through.",
    404: "Nothing is there. Check the path in the webhook's URL against the route of your endpoint, and that "
    "the version that has the route is deployed.",
    405: "The path exists but does not accept POST. Add a route for POST, and check for a slash at the end.",
    406: "Your endpoint insists on a format that we did not ask for. Answer whatever Accept says.",
    408: "Your server gave up waiting for the request. Check the time-outs of the proxies in front of it.",
    409: "Your endpoint reports a conflict. If it had the notification before, answer 2xx: a repeated "
    "webhook-id means a repeated delivery.",
    410: "Your endpoint says that it is gone for good. If that is so, delete the webhook; if not, correct "
    "its URL.",
    411: "Your server does not see the Content-Length that we send. Check the proxies in front of it.",
    413: "Your server, or a proxy in front of it, limits the size of requests. Allow at least 128 kB, for "
    "example with client_max_body_size in nginx or limit in express.json().",
    415: "Your endpoint does not accept Content-Type: application/json. Add a JSON body parser to its route.",
    421: "The server does not serve this host name. Check the host in the webhook's URL and its DNS record.",
    422: "Your endpoint read the notification and rejected its content. Accept every event type that the "
    "webhook subscribes to, and fields that you do not know.",
    429: LIMIT,
    431: "Your server finds our headers too large. Shorten the webhook's own headers.",
    500: "Your endpoint crashed. Its log at this time tells why; notifications that it does not expect must "
    "not bring it down.",
    501: "Your server does not implement POST at this path. Check the webhook's URL.",
    502: PROXY,
    503: "Your server is overloaded or in maintenance. If this is planned, deactivate the webhook meanwhile: "
    "its notifications are held for you.",
    504: f"{PROXY} It must answer within 10 seconds: store the notification and do the work afterwards.",
}
SERVER_ERROR = "Your server, or a proxy in front of it, failed. Its log at this time tells why."
OTHER_STATUS = "Your endpoint refused the request. Answer with a 2xx status once the notification is stored."

#: Where our credentials and signature were refused: what of them was sent is part of the answer.
REFUSALS = {401, 403}
