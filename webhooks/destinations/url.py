"""
Which URLs may be webhooks.

The URL is taken apart once, by the strictest reading of RFC 3986, and whatever parsers are known to
disagree on is refused: what is checked here is what the sender connects to.
"""

import re
import unicodedata
from ipaddress import IPv4Address

import idna
from django.conf import settings
from django.core.exceptions import ValidationError

EXAMPLE = "https://hooks.example.com/verifications"
MAX_URL = 2_048
MAX_HOST = 253
DEFAULT_PORTS = {"https": 443, "http": 80}

URL = re.compile(r"(?P<scheme>[^:/?]*)://(?P<authority>[^/?]*)(?P<rest>.*)", re.DOTALL)
LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
TOP_LABEL = re.compile(r"[a-z]{2,63}|xn--[a-z0-9-]{1,59}")
#: Resolvers read a name that ends like this as an IPv4 address: 127.0.0.1, 0x7f.1, 2130706433.
NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
PORT = re.compile(r"[1-9][0-9]{0,4}")
NOT_IN_PATH = re.compile(r"[^A-Za-z0-9._~!$&'()*+,;=:@/?%-]")
BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")

#: Names that mean something inside a network, or nothing at all, on the public internet.
# fmt: off - one column of them would be all there is to see
INTERNAL_SUFFIXES = {
    "localhost",
    "local",
    "localdomain",
    "internal",
    "intranet",
    "intra",
    "private",
    "lan",
    "corp",
    "home",
    "mail",
    "home.arpa",
    "arpa",
    "svc",
    "cluster.local",
    "consul",
    "docker",
    "onion",
    "i2p",
    "alt",
    "invalid",
    "test",
    "example",
}
# fmt: on

#: Ports at or above 1024 where something listens that never takes webhooks.
INTERNAL_PORTS = {
    1433: "Microsoft SQL Server",
    1434: "Microsoft SQL Server",
    1521: "Oracle",
    1883: "MQTT",
    2049: "NFS",
    2181: "ZooKeeper",
    2375: "Docker",
    2376: "Docker",
    2377: "Docker Swarm",
    2379: "etcd",
    2380: "etcd",
    3306: "MySQL",
    3389: "Remote Desktop",
    4001: "etcd",
    4194: "cAdvisor",
    4222: "NATS",
    4369: "Erlang",
    5432: "PostgreSQL",
    5433: "PostgreSQL",
    5671: "RabbitMQ",
    5672: "RabbitMQ",
    5900: "VNC",
    5984: "CouchDB",
    5985: "WinRM",
    5986: "WinRM",
    6000: "X11",
    6379: "Redis",
    6380: "Redis",
    6432: "PgBouncer",
    6443: "Kubernetes",
    7000: "Cassandra",
    7001: "Cassandra",
    7199: "Cassandra",
    7474: "Neo4j",
    7687: "Neo4j",
    8086: "InfluxDB",
    8200: "Vault",
    8300: "Consul",
    8301: "Consul",
    8302: "Consul",
    8500: "Consul",
    8501: "Consul",
    8600: "Consul",
    9042: "Cassandra",
    9092: "Kafka",
    9093: "Kafka",
    9160: "Cassandra",
    9200: "Elasticsearch",
    9300: "Elasticsearch",
    10250: "Kubernetes",
    10255: "Kubernetes",
    10256: "Kubernetes",
    11211: "Memcached",
    15672: "RabbitMQ",
    16379: "Redis",
    25672: "RabbitMQ",
    26379: "Redis",
    27017: "MongoDB",
    27018: "MongoDB",
    27019: "MongoDB",
    28015: "RethinkDB",
    28017: "MongoDB",
    50000: "Db2",
    61613: "ActiveMQ",
    61616: "ActiveMQ",
}


def check_url(url: str) -> str:
    """
    Return *url* normalised: scheme and host in lower case, no default port, no trailing dot.

    Path and query stay byte for byte.

    Raises:
        ValidationError: it may not be a webhook; the message says which rule and what to write.

    """
    _check_whole(url)
    parts = URL.fullmatch(url)
    if parts is None:
        raise _refused("scheme", f"The URL must begin with https://, as in {EXAMPLE}.")
    scheme = _checked_scheme(parts["scheme"].lower())
    _check_authority(parts["authority"], parts["rest"])
    host, port = _split_authority(parts["authority"].lower())
    host = _checked_host(host)
    port = _checked_port(port, scheme, host)
    _check_rest(parts["rest"])
    return f"{scheme}://{host}{port}{parts['rest']}"


def _refused(code: str, message: str) -> ValidationError:
    return ValidationError(message, code=code)


def _check_whole(url: str) -> None:
    """Refuse what parsers drop, move or read in different ways, wherever it stands."""
    if len(url) > MAX_URL:
        raise _refused("length", f"The URL may have at most {MAX_URL:,} characters; it has {len(url):,}.")
    for character in url:
        if character.isspace() or unicodedata.category(character)[0] in "CZ":
            raise _refused(
                "invisible",
                f"The URL contains a blank or an invisible character (U+{ord(character):04X}). "
                "Remove it; a blank that belongs there is written %20.",
            )
    if "\\" in url:
        raise _refused("backslash", "The URL contains a backslash. Write “/”, or %5C if you mean one.")
    if "#" in url:
        raise _refused("fragment", "The part from “#” on is never sent. Remove it, or write %23.")


def _checked_scheme(scheme: str) -> str:
    if scheme == "https" or (scheme == "http" and settings.WEBHOOKS_ALLOW_LOOPBACK):
        return scheme
    raise _refused("scheme", f"Only https is allowed, so that results travel encrypted, as in {EXAMPLE}.")


def _check_authority(authority: str, rest: str) -> None:
    if "@" in authority:
        raise _refused(
            "credentials",
            "The URL contains a user name or password. Leave it out, and add an Authorization header "
            "instead.",
        )
    if not authority:
        raise _refused("host", f"The URL has no host. Write it after https://, as in {EXAMPLE}.")
    if not authority.isascii():
        raise _refused(
            "host", "The host contains letters outside ASCII. Write it in its xn-- form (Punycode)."
        )
    if authority.lower() in {"http:", "https:"} and rest.startswith("//"):
        raise _refused("scheme", "The URL begins with https:// twice. Keep one of them.")


def _split_authority(authority: str) -> tuple[str, str | None]:
    """Return host and port; no port is not the same as an empty one."""
    bracketed, bracket, tail = authority.partition("]")
    if bracket:
        host, colon, port = bracketed + bracket, *_after_bracket(tail)
    else:
        host, colon, port = authority.partition(":")
    return host, port if colon else None


def _after_bracket(tail: str) -> tuple[str, str]:
    if tail and not tail.startswith(":"):
        raise _refused("host", f"The host is malformed. Write a DNS name, as in {EXAMPLE}.")
    return tail[:1], tail[1:]


def _checked_host(host: str) -> str:
    if _is_loopback(host) and settings.WEBHOOKS_ALLOW_LOOPBACK:
        return host
    host = host.removesuffix(".")
    labels = host.split(".")
    _check_not_address(host, labels)
    _check_spelling(host, labels)
    _check_public(host, labels)
    _check_registered(labels)
    return host


def _is_loopback(host: str) -> bool:
    if host in {"localhost", "[::1]"}:
        return True
    try:
        return IPv4Address(host).is_loopback
    except ValueError:
        return False


def _check_not_address(host: str, labels: list[str]) -> None:
    if "%" in host:
        raise _refused("host", "The host contains “%”. Write its name without percent-encoding.")
    if "[" in host or "]" in host or NUMBER.fullmatch(labels[-1]):
        raise _refused(
            "address", f"The host is an IP address, in whatever spelling. Write a DNS name, as in {EXAMPLE}."
        )


def _check_spelling(host: str, labels: list[str]) -> None:
    if len(host) > MAX_HOST or not all(LABEL.fullmatch(label) for label in labels):
        raise _refused(
            "host",
            "The host is not a valid DNS name. Each part between dots has 1 to 63 letters, digits and "
            f"inner hyphens, as in {EXAMPLE}.",
        )


def _check_public(host: str, labels: list[str]) -> None:
    suffixes = {".".join(labels[-count:]) for count in (1, 2)}
    if internal := suffixes & INTERNAL_SUFFIXES:
        raise _refused(
            "internal",
            f"Names that end in {min(internal)} are not on the public internet. Write a public DNS name.",
        )
    if len(labels) < 2:
        raise _refused(
            "single_label",
            f"“{host}” is a name inside one network only. Write the full name, such as {host}.example.com.",
        )
    if _is_ours(host):
        raise _refused("own_host", f"{host} is this portal itself. Write the host of your own endpoint.")


def _check_registered(labels: list[str]) -> None:
    """Refuse names that no registry would give out."""
    if not TOP_LABEL.fullmatch(labels[-1]):
        raise _refused("host", f"“.{labels[-1]}” is not a top-level domain. Write the full name of the host.")
    for label in labels:
        if label.startswith("xn--") and not _is_punycode(label):
            raise _refused("host", f"“{label}” is not valid Punycode. Check how the domain is registered.")


def _is_punycode(label: str) -> bool:
    try:
        return idna.alabel(idna.ulabel(label)).decode() == label
    except UnicodeError:
        return False


def _is_ours(host: str) -> bool:
    """Tell whether *host* is ours; a leading dot covers subdomains, as in ALLOWED_HOSTS."""
    own_hosts = (own.lower().rstrip(".") for own in settings.WEBHOOK_OWN_HOSTS)
    return any(
        host == own.removeprefix(".") or (own.startswith(".") and host.endswith(own)) for own in own_hosts
    )


def _checked_port(port: str | None, scheme: str, host: str) -> str:
    """Return the port as it stands in a URL: with its colon, or nothing for the default."""
    if port is None:
        return ""
    number = int(port) if PORT.fullmatch(port) else 0
    if not 0 < number < 2**16:
        raise _refused(
            "port", "The port is not a number from 1 to 65535. Correct it, or leave it out for 443."
        )
    if number == DEFAULT_PORTS[scheme]:
        return ""
    if number < 1024 and number != 443:
        raise _refused("port", f"Port {number} is not allowed. Use 443 (leave it out), or 1024 and above.")
    if number in INTERNAL_PORTS and not _is_loopback(host):
        raise _refused(
            "port",
            f"Port {number} is where {INTERNAL_PORTS[number]} usually listens. Use 443, or another port.",
        )
    return f":{number}"


def _check_rest(rest: str) -> None:
    """Check path and query, which are sent exactly as they are written."""
    if BAD_ESCAPE.search(rest):
        raise _refused(
            "percent",
            "A “%” in the URL must be followed by two hexadecimal digits. Write %25 if you mean one.",
        )
    if match := NOT_IN_PATH.search(rest):
        escaped = "".join(f"%{byte:02X}" for byte in match[0].encode())
        raise _refused("character", f"“{match[0]}” may not stand in a URL. Write {escaped}.")
