"""The sections of the troubleshooting page: what a failure means and how to see it for oneself. Pure."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from deliveries.causes import CAUSES, KINDS, REFUSALS, STATUSES, Explanation, explain_status

POST = "curl --include --max-time 10 --header 'Content-Type: application/json' --data '{{}}' {url}"
UNSIGNED = (
    "curl --include --header 'Content-Type: application/json' --header 'x-webhook-signature: 00' "
    "--data '{{}}' {url}"
)
TIMES = (
    "curl --silent --output /dev/null --max-time 10 --header 'Content-Type: application/json' --data '{{}}' "
    "--write-out 'name %{{time_namelookup}} connected %{{time_connect}} encrypted %{{time_appconnect}} "
    "answered %{{time_starttransfer}}\\n' {url}"
)
ADDRESSES = "dig +short {host} A; dig +short {host} AAAA"
CERTIFICATE = (
    "openssl s_client -connect {host}:{port} -servername {host} </dev/null "
    "| openssl x509 -noout -subject -issuer -dates -ext subjectAltName"
)
CHAIN = "openssl s_client -connect {host}:{port} -servername {host} -showcerts </dev/null"


@dataclass(frozen=True, slots=True)
class Topic:
    """One section. Its fixes are those that the log gives."""

    anchor: str
    title: str
    meaning: str
    reasons: tuple[str, ...] = ()
    #: With {url}, {host} and {port} of an endpoint; none where there is nothing to try.
    command: str = ""

    @property
    def short(self) -> str:
        """The title among others of its group."""
        return re.sub(r"^Answered (?=\d)", "", self.title)

    @property
    def is_about_credentials(self) -> bool:
        return self.anchor in {f"status-{code}" for code in REFUSALS}

    @property
    def fixes(self) -> list[str]:
        return list(dict.fromkeys(each.fix for each in EXPLANATIONS if each.anchor == self.anchor))


def _explanations() -> Iterator[Explanation]:
    """Yield every explanation that the log can give."""
    yield from CAUSES.values()
    yield from (kind.explanation for kind in KINDS)
    yield from map(explain_status, STATUSES)
    yield explain_status(599)


EXPLANATIONS = tuple(_explanations())


def command_for(topic: Topic, url: str) -> str:
    """Return the topic's command for the endpoint at *url*, fit to be pasted into a shell."""
    parts = urlsplit(url)
    port = parts.port or (80 if parts.scheme == "http" else 443)
    return topic.command.format(url=shlex.quote(url), host=shlex.quote(parts.hostname or ""), port=port)


def unsigned_request(url: str) -> str:
    """Return a command that sends what an endpoint at *url* must refuse."""
    return UNSIGNED.format(url=shlex.quote(url))


HOST_NAME = (
    Topic(
        "dns",
        "Host name not found",
        "The host of the webhook's URL has no address in the public DNS.",
        (
            "A typing mistake in the URL.",
            "A record that exists in your company's own DNS only.",
            "A new record that has not spread yet, or a domain that was not renewed.",
        ),
        ADDRESSES,
    ),
    Topic(
        "dns-servers",
        "Name servers did not answer",
        "We know which name servers to ask for the host, and they answer late or not at all.",
        ("One of several name servers is down.", "A firewall in front of them.", "A delegation to old ones."),
        "dig +trace {host}",
    ),
    Topic(
        "forbidden-address",
        "Address not allowed",
        "The host resolves to an address that is not on the public internet. We never connect to those, and "
        "look again before each request.",
        (
            "A record that points to 10.…, 172.16.…, 192.168.… or 127.0.0.1.",
            "One private address among several public ones: all of them must be public.",
        ),
        ADDRESSES,
    ),
)

CONNECTION = (
    Topic(
        "connect",
        "Failed to connect",
        "The host has an address, and no connection to it could be made.",
        ("The server is down or its address has changed.", "There is no route to its network."),
        "curl --verbose --max-time 10 {url}",
    ),
    Topic(
        "connect-refused",
        "Connection refused",
        "The machine answers, and nothing listens on the port.",
        (
            "The server or container has stopped, or is being deployed.",
            "It listens on localhost or on another port.",
            "A load balancer without a healthy backend.",
        ),
        "nc -vz {host} {port}",
    ),
    Topic(
        "timeout-connect",
        "Timed out while connecting",
        "Neither a yes nor a no came to our wish to connect.",
        (
            "A firewall or security group that drops what it does not know.",
            "An address that nobody uses any more.",
        ),
        "nc -vz -w 10 {host} {port}",
    ),
    Topic(
        "disconnect",
        "Connection closed before the answer",
        "The request was sent, and the connection ended before a complete answer came. Your endpoint may "
        "have received it.",
        (
            "A crash or restart while the request was handled.",
            "A proxy that closes sooner than your application answers.",
            "A web application firewall that cuts connections.",
        ),
        POST,
    ),
)

ENCRYPTION = (
    Topic(
        "tls",
        "Encrypted connection failed",
        "TLS could not be set up. The delivery's page names the reason.",
        ("A certificate that does not hold.", "Settings of TLS that have nothing in common with ours."),
        CHAIN,
    ),
    Topic(
        "tls-expired",
        "Certificate expired, or not valid yet",
        "The delivery's page says since when, or until when.",
        (
            "A renewal that failed or was never set up.",
            "A certificate that was renewed, and a server that was not reloaded.",
            "One of several machines that serves the old one.",
        ),
        CERTIFICATE,
    ),
    Topic(
        "tls-name",
        "Certificate for another host",
        "The certificate does not name the host of the webhook's URL. The delivery's page says which.",
        (
            "A certificate for www.… or for the bare domain only.",
            "A default certificate, because the server has none for this name.",
            "A DNS record that leads to somebody else's server.",
        ),
        CERTIFICATE,
    ),
    Topic(
        "tls-issuer",
        "Certificate's issuer not known",
        "The certificate does not lead to a public authority by what the server sends.",
        ("A self-signed or company-internal certificate.", "An intermediate certificate that is not sent."),
        CHAIN,
    ),
    Topic(
        "tls-protocol",
        "Port does not speak TLS, or too old a version",
        "What listens there speaks plain http, another protocol, or TLS before 1.2.",
        ("The port of plain http in an https URL.", "An old server or load balancer policy."),
        "openssl s_client -connect {host}:{port} -servername {host} -tls1_2 </dev/null",
    ),
    Topic(
        "tls-client",
        "Client certificate demanded",
        "Your server wants to see a certificate of ours, and we have none.",
        ("Mutual TLS switched on for the whole host.",),
        CHAIN,
    ),
    Topic(
        "timeout-tls",
        "Timed out during the TLS handshake",
        "The connection was accepted, and the handshake did not end.",
        ("A port that serves another protocol.", "A load balancer or server that is overloaded."),
        TIMES,
    ),
)

ANSWER = (
    Topic(
        "timeout",
        "Timed out while waiting for the answer",
        "The request was sent, and no complete answer came within the time that a request has in all.",
        (
            "Work that is done before the answer: calls to other services, e-mails, reports.",
            "A slow database query or a lock.",
            "All of the server's workers being busy.",
            "A machine that sleeps and has to be started first.",
        ),
        TIMES,
    ),
    Topic(
        "timeout-send",
        "Timed out while sending",
        "The connection was made, and your server did not read the request.",
        ("All of the server's workers being busy.", "A proxy that holds requests back."),
        TIMES,
    ),
    Topic(
        "invalid-response",
        "Answer is not valid HTTP",
        "Something answered that is not an HTTP/1.1 response, or a malformed one.",
        (
            "A port where another service listens.",
            "A server that writes its status line or headers by hand.",
        ),
        "curl --http1.1 --verbose --max-time 10 {url}",
    ),
    Topic(
        "answer-too-large",
        "Answer's headers too large",
        "Long bodies do no harm: we read their beginning only. Headers we must read to their end.",
        ("Cookies or tokens that pile up.", "A debug tool that writes its findings into headers."),
        POST,
    ),
    Topic(
        "redirect",
        "Answered with a redirect",
        "Your server answered 3xx. The delivery's page says where it points to.",
        (
            "http instead of https in the URL, or a missing “www.”.",
            "A slash at the end that your framework adds or removes.",
            "A login page: the route is not exempt from login.",
        ),
        POST,
    ),
)


def _status(code: int, meaning: str, *reasons: str, command: str = POST) -> Topic:
    return Topic(f"status-{code}", explain_status(code).title, meaning, reasons, command)


LARGE = (
    "head -c 100000 /dev/zero | curl --include --max-time 10 --header 'Content-Type: application/json' "
    "--data-binary @- {url}"
)

STATUS = (
    _status(
        400,
        "Your endpoint, or what parses requests for it, did not understand ours.",
        "A parser that expects a form instead of JSON.",
        "A check of fields that the payload does not have.",
    ),
    _status(
        401,
        "Your endpoint does not believe that it is us. The delivery's page names the headers that we sent.",
        "The signature was calculated over a parsed body, or with another secret.",
        "A header of your own that is missing or has another value in the webhook's settings.",
        "The route is behind your application's login.",
    ),
    _status(
        403,
        "Your endpoint understood and refuses. The delivery's page names the headers that we sent.",
        "CSRF protection on the route.",
        "A web application firewall, a bot filter or a list of allowed addresses.",
        "A signature check that answers 403.",
    ),
    _status(
        404,
        "Nothing answers at this path.",
        "A typing mistake in the path, or a missing prefix such as /api.",
        "A route that is not deployed yet.",
        "A route for GET only, in frameworks that answer 404 to POST then.",
    ),
    _status(405, "The path exists, and not for POST.", "A route for GET only.", "A slash at the end."),
    _status(406, "Your endpoint wants to answer in a format that we did not ask for.", "A strict framework."),
    _status(408, "Your server waited for the rest of the request.", "A proxy that passes it on too late."),
    _status(
        409,
        "Your endpoint sees a conflict with what it has.",
        "A notification that it had before and takes for an error.",
    ),
    _status(410, "Your endpoint says that it will never be there again.", "An old URL."),
    _status(411, "Your server misses Content-Length.", "A proxy that rewrites requests."),
    _status(
        413,
        "The body is larger than your server takes; Security and limits states the largest that we send.",
        "client_max_body_size in nginx.",
        "The limit option of express.json() or express.raw(), which is 100 kB unless you set it.",
        command=LARGE,
    ),
    _status(415, "Your endpoint does not take JSON.", "A route that expects a form.", "A missing parser."),
    _status(421, "The server is not responsible for this host name.", "A proxy with another list of hosts."),
    _status(
        422,
        "Your endpoint read the body and does not like it.",
        "A schema that knows fewer fields or event types than we send.",
        "A payload template that your endpoint does not expect.",
    ),
    _status(
        429,
        "Your server counts requests and had enough of ours.",
        "A rate limit that was made for people, not for notifications.",
    ),
    _status(431, "Your server finds the headers too large.", "Long header values in the webhook's settings."),
    _status(
        500,
        "Your endpoint failed while it handled the request.",
        "An exception: your log at the time of the attempt names it.",
        "A field or event type that your code does not expect.",
    ),
    _status(501, "Your server has no POST at this path.", "A static file host."),
    _status(502, "A proxy could not reach your application.", "The application is down or restarting."),
    _status(503, "Your server is overloaded or being maintained.", "A deploy.", "Too few workers."),
    _status(
        504,
        "A proxy waited for your application in vain.",
        "Work that is done before the answer.",
        command=TIMES,
    ),
    Topic("status-5xx", "Answered another 5xx", "Your server, or a proxy in front of it, failed.", (), POST),
    Topic(
        "status-other",
        "Answered with another status",
        "Only 2xx is a success, whatever the body says.",
        ("A check that answers with a status of its own.",),
        POST,
    ),
)

OURS = (
    Topic(
        "template",
        "Payload template does not fit the event",
        "The template names something that this event does not have, so there was nothing to send.",
        (
            "A field inside proofData, formattedData or metadata that is not always there.",
            "A field that is only there for completed verifications.",
        ),
    ),
    Topic(
        "internal",
        "Not sent, through no fault of yours",
        "Something on our side failed. It counts neither for the webhook's health nor for its deactivation.",
    ),
)

GROUPS: tuple[tuple[str, tuple[Topic, ...]], ...] = (
    ("Host name", HOST_NAME),
    ("Connection", CONNECTION),
    ("Encryption and certificates", ENCRYPTION),
    ("Answer", ANSWER),
    ("Status codes", STATUS),
    ("Before anything is sent", OURS),
)
