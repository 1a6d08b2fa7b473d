"""Whose a connection is: the machine's owner, or somebody who was let in by a code."""

from __future__ import annotations

import ipaddress

from scumble_protocol.pairing import NAME_LENGTH
from scumble_server.jobs.schema import LOCAL as LOCAL

_IPV6_NETWORK = 64
"""Bits that tell one household from the next (RFC 6177); the others are for anybody to choose."""


def shown_name(said: str) -> str:
    """What a client calls itself, fit for lists, logs and terminals: short and printable."""
    return "".join(letter if letter.isprintable() else "?" for letter in said[:NAME_LENGTH])


def source_of(host: str) -> str:
    """Where attempts from this address are counted: it, or the network of an IPv6 address."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:  # a test's or a proxy's name
        return host
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        if not address.is_loopback:
            return str(ipaddress.ip_network((address, _IPV6_NETWORK), strict=False))
    return str(address)


def is_loopback(host: str) -> bool:
    """Whether this name or address can be reached from this machine alone."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.rstrip(".").lower() == "localhost"
