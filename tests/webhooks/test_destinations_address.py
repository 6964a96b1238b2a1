"""Which addresses may receive."""

from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from webhooks.destinations import ForbiddenAddress, check_address

OWN = ["198.51.100.200", "93.184.215.0/24", "2606:2800:220:2::/64"]
LINES = (Path(__file__).parent / "cases" / "urls.tsv").read_text().splitlines()
CASES = [line.split("\t") for line in LINES if not line.startswith("#")]


def answers(wanted: str) -> list[tuple[str, ...]]:
    """Return the stub resolver's answers for URLs with this verdict."""
    return [
        tuple(answer.split(","))
        for _, verdict, _, *dns in CASES
        for answer in "".join(dns).split("|")
        if verdict == wanted and answer not in {"", "TIMEOUT"}
    ]


ALLOWED = [
    "1.1.1.1",
    "93.184.216.34",
    "223.255.255.255",
    "2606:2800:220:1::1",
    "2a00:1450:4001::1",
    "::ffff:1.1.1.1",
]

FORBIDDEN = [
    ("0.0.0.1", "this network"),
    ("10.255.255.255", "private"),
    ("100.64.0.1", "carrier-grade NAT"),
    ("127.0.0.1", "loopback"),
    ("168.63.129.16", "Azure"),
    ("169.254.169.254", "metadata"),
    ("172.31.255.255", "private"),
    ("192.0.0.192", "Oracle's metadata"),
    ("192.88.99.1", "6to4 relay"),
    ("192.168.0.1", "private"),
    ("198.19.255.255", "benchmarks"),
    ("203.0.113.1", "documentation"),
    ("224.0.0.1", "multicast"),
    ("239.255.255.255", "multicast"),
    ("240.0.0.1", "class E"),
    ("255.255.255.255", "broadcast"),
    ("::", "unspecified"),
    ("::1", "loopback"),
    ("::ffff:169.254.169.254", "mapped metadata"),
    ("::ffff:0:7f00:1", "translated"),
    ("::7f00:1", "IPv4-compatible"),
    ("64:ff9b::7f00:1", "NAT64"),
    ("64:ff9b:1::7f00:1", "local NAT64"),
    ("100::1", "discard"),
    ("2001:0:7f00:1::1", "Teredo"),
    ("2001:10::1", "ORCHID"),
    ("2001:db8::1", "documentation"),
    ("2002:7f00:1::", "6to4"),
    ("3fff::1", "documentation"),
    ("4000::1", "not yet given out"),
    ("5f00::1", "segment routing"),
    ("fc00::1", "private"),
    ("fd00:ec2::254", "metadata"),
    ("fe80::1", "link-local"),
    ("fe80::1%eth0", "link-local with interface"),
    ("2606:2800:220:1::1%eth0", "bound to an interface"),
    ("fec0::1", "site-local"),
    ("ff02::1", "multicast"),
    ("93.184.215.7", "ours"),
    ("::ffff:93.184.215.7", "ours, mapped"),
    ("2606:2800:220:2::1", "ours"),
    ("0177.0.0.1", "not an address"),
    ("hooks.example.com", "not an address"),
    ("", "not an address"),
]


@pytest.fixture(autouse=True)
def own_addresses(settings: Settings) -> None:
    settings.WEBHOOK_OWN_ADDRESSES = OWN
    settings.WEBHOOKS_ALLOW_LOOPBACK = False


@pytest.mark.parametrize(
    "address", [*ALLOWED, *sorted({each for answer in answers("accept") for each in answer})]
)
def test_a_public_address_may_receive(address: str) -> None:
    """A public address may receive."""
    check_address(address)


@pytest.mark.parametrize(("address", "_why"), FORBIDDEN)
def test_any_other_address_may_not(address: str, _why: str) -> None:
    """Any other address may not."""
    with pytest.raises(ForbiddenAddress):
        check_address(address)


@pytest.mark.parametrize("answer", answers("reject_connect"))
def test_a_forbidden_answer_has_a_forbidden_address(answer: tuple[str, ...]) -> None:
    """Every name that must be rejected has at least one forbidden address."""
    with pytest.raises(ForbiddenAddress):
        list(map(check_address, answer))


@pytest.mark.parametrize("address", ["127.0.0.1", "127.1.2.3", "::1", "::ffff:127.0.0.1"])
def test_development_admits_loopback(settings: Settings, address: str) -> None:
    """Development admits loopback."""
    settings.WEBHOOKS_ALLOW_LOOPBACK = True
    check_address(address)


@pytest.mark.parametrize("address", ["10.0.0.1", "169.254.169.254", "fe80::1", "::"])
def test_development_admits_no_other_private_address(settings: Settings, address: str) -> None:
    """Development admits no other private address."""
    settings.WEBHOOKS_ALLOW_LOOPBACK = True
    with pytest.raises(ForbiddenAddress):
        check_address(address)


@given(st.ip_addresses())
def test_what_the_standard_library_calls_private_is_never_allowed(ip: IPv4Address | IPv6Address) -> None:
    """What the standard library calls private is never allowed: ours is the stricter list."""
    try:
        check_address(str(ip))
    except ForbiddenAddress:
        return
    assert ip.is_global
    assert not ip.is_multicast
