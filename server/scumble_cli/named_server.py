"""The server that `--server` names: one that let us in, this machine's own, or any with a token."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from scumble_protocol import endpoint
from scumble_protocol.client import Address, read_servers, tidy_fingerprint, tidy_url
from scumble_protocol.errors import ErrorCode, RequestError

if TYPE_CHECKING:
    from argparse import Namespace
    from pathlib import Path


def named_server(arguments: Namespace, state: Path) -> Address:
    """Where it is, with the token and the fingerprint that were given or are known here.

    Args:
        arguments: `server` is the address; `token` and `fingerprint` may be empty.
        state: The state folder, which knows this machine's own server and those that let us in.

    Raises:
        RequestError: The address makes no sense, or no token was given and none is known.
    """
    url = tidy_url(arguments.server)
    token = arguments.token or os.environ.get("SCUMBLE_TOKEN", "")
    fingerprint = tidy_fingerprint(arguments.fingerprint) if arguments.fingerprint else ""
    known = next((each for each in read_servers(state).paired if each.url == url), None)
    if known is not None and not token and not fingerprint:
        return known
    has_scheme = "://" in arguments.server
    own = _own_server(url, state)
    if own is not None and (not has_scheme or _scheme(own.url) == _scheme(url)):
        return Address(own.url, token or own.token, fingerprint or own.fingerprint)
    if not has_scheme and not fingerprint and Address(url, "").is_loopback:
        url = f"ws{url.removeprefix('wss')}"  # as a server is that nobody else can reach
    if not token:
        raise RequestError(
            ErrorCode.INVALID_VALUE,
            f"The server at {url} needs a token, and none was given.",
            "Give it with --token, or be let in with a code: `scumble connect` takes one.",
        )
    return Address(url, token, fingerprint)


def _own_server(url: str, state: Path) -> Address | None:
    """This machine's own server, if it listens at the host and the port of a URL.

    Its token is for nobody else: another program may listen at another address of this machine,
    so that `localhost` is taken for the very address that the server wrote down.
    """
    own = endpoint.read(state)
    named = urlsplit(url)
    if own is None or named.port != own.port or named.hostname not in {own.host, "localhost"}:
        return None
    address = Address(own.url, own.token, own.fingerprint)
    return address if named.hostname == own.host or address.is_loopback else None


def _scheme(url: str) -> str:
    return urlsplit(url).scheme
