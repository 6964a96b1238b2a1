"""Which addresses we connect to: public ones, and not our own."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from django.conf import settings

# `is_global` of the standard library lets some of these through, and more in older Pythons.
FORBIDDEN_IPV4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carrier-grade NAT; metadata of Alibaba Cloud
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # Azure's host, reachable from inside only
        "169.254.0.0/16",  # link-local; metadata of most clouds
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments; metadata of Oracle Cloud
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",  # AS112 sink
        "192.52.193.0/24",  # multicast relay
        "192.88.99.0/24",  # 6to4 relay
        "192.168.0.0/16",  # private
        "192.175.48.0/24",  # AS112 sink
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
)
GLOBAL_IPV6 = IPv6Network("2000::/3")
FORBIDDEN_IPV6 = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments: Teredo, ORCHID, benchmarks
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: carries any IPv4 address inside
        "3fff::/20",  # documentation
    )
)


class ForbiddenAddress(Exception):  # noqa: N818 - the name is part of the contract
    """We never connect to this address."""


def check_address(address: str) -> None:
    """
    Accept an IP address that a webhook's host resolved to.

    Raises:
        ForbiddenAddress: it is not globally reachable, or it is one of ours.

    """
    ip = _parsed(address)
    if ip.is_loopback and settings.WEBHOOKS_ALLOW_LOOPBACK:
        return
    if not _is_public(ip):
        raise ForbiddenAddress(f"{ip} is not an address on the public internet.")
    if any(ip in ip_network(own, strict=False) for own in settings.WEBHOOK_OWN_ADDRESSES):
        raise ForbiddenAddress(f"{ip} is an address of this service itself.")


def _parsed(address: str) -> IPv4Address | IPv6Address:
    """Return *address*, an IPv4 one even where it comes dressed as IPv6."""
    try:
        ip = ip_address(address)
    except ValueError as error:
        raise ForbiddenAddress(f"{address!r} is not an IP address.") from error
    if isinstance(ip, IPv4Address):
        return ip
    if ip.scope_id is not None:
        raise ForbiddenAddress(f"{address!r} is bound to one network interface.")
    return ip.ipv4_mapped or ip


def _is_public(ip: IPv4Address | IPv6Address) -> bool:
    if isinstance(ip, IPv4Address):
        return not any(ip in network for network in FORBIDDEN_IPV4)
    return ip in GLOBAL_IPV6 and not any(ip in network for network in FORBIDDEN_IPV6)
