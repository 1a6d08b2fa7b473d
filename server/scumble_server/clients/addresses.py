"""Under which addresses other machines reach this server, as far as it can tell."""

from __future__ import annotations

import contextlib
import ipaddress
import socket

_ELSEWHERE = {socket.AF_INET: "192.0.2.1", socket.AF_INET6: "2001:db8::1"}
"""Addresses for documentation (RFC 5737, RFC 3849): nothing is sent to them."""


def server_urls(host: str, port: int, *, is_tls: bool) -> tuple[str, ...]:
    """The server's addresses, the most likely first; may ask the name service, which takes time.

    Args:
        host: The address that it listens on.
        port: The port.
        is_tls: Whether it speaks TLS.
    """
    hosts = _own_addresses(host) if _is_anywhere(host) else [host]
    scheme = "wss" if is_tls else "ws"
    return tuple(f"{scheme}://{f'[{h}]' if ':' in h else h}:{port}" for h in hosts)


def own_names() -> tuple[str, ...]:
    """The names that this machine goes by in its own network."""
    name = socket.gethostname().lower()
    return (name, f"{name.partition('.')[0]}.local")


def _is_anywhere(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return not host


def _own_addresses(host: str) -> list[str]:
    families = (socket.AF_INET,) if host == "0.0.0.0" else (socket.AF_INET, socket.AF_INET6)  # noqa: S104
    found = [address for family in families if (address := _way_out(family))]
    with contextlib.suppress(OSError):  # a machine whose own name says nothing
        infos = socket.getaddrinfo(socket.gethostname(), None)
        found += [str(place[0]) for family, *_, place in infos if family in families]
    usable = [one for one in found if not _is_private_to_this_machine(one)]
    return list(dict.fromkeys(usable)) or [socket.gethostname()]


def _way_out(family: socket.AddressFamily) -> str | None:
    """This machine's address on the way to others: connecting UDP picks it and sends nothing."""
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((_ELSEWHERE[family], 9))
            return str(probe.getsockname()[0])
    except OSError:  # no network of this family
        return None


def _is_private_to_this_machine(address: str) -> bool:
    parsed = ipaddress.ip_address(address.partition("%")[0])
    return parsed.is_loopback or parsed.is_link_local or parsed.is_unspecified
