"""`scumble connect`: which server this user's editors and commands use."""

from __future__ import annotations

import json
import platform
from typing import TYPE_CHECKING

from scumble_cli.terminal import say
from scumble_protocol import endpoint
from scumble_protocol.client import pair, read_servers, tidy_url, write_servers
from scumble_protocol.errors import ErrorCode, ServerError

if TYPE_CHECKING:
    from argparse import Namespace

    from scumble_protocol.client import Servers


def run(arguments: Namespace) -> int:
    """Choose a server, or tell which is chosen.

    Raises:
        ScumbleError: It does not let us in, or that can't be written down.
    """
    state = endpoint.state_folder()
    servers = read_servers(state)
    chosen = _chosen(arguments, servers)
    if chosen != servers:
        try:
            write_servers(state, chosen)
        except OSError as error:
            raise ServerError(
                ErrorCode.DISK_FULL,
                f"Which server is used can't be kept: {error}.",
                f"Make room, or see to it that {state} can be written.",
            ) from error
    _tell(chosen, as_json=arguments.json)
    return 0


def _chosen(arguments: Namespace, servers: Servers) -> Servers:
    if arguments.local:
        return servers.using("")
    if not arguments.address:
        return servers
    if not arguments.code:
        return servers.using(tidy_url(arguments.address))
    return servers.joined(pair(arguments.address, arguments.code, f"scumble, {platform.node()}"))


def _tell(servers: Servers, *, as_json: bool) -> None:
    remote = servers.remote
    if as_json:
        known = [each.url for each in servers.paired]
        fields = {
            "server": remote.url if remote else None,
            "fingerprint": remote.fingerprint if remote else "",
            "known": known,
        }
        say(json.dumps(fields, indent=2))
        return
    if remote is None:
        say("Editors and commands use the server of this computer.")
    else:
        say(f"Editors and commands use the server at {remote.url}.")
        if remote.fingerprint:
            say(f"Its certificate: {remote.fingerprint}")
    for other in servers.paired:
        if other is not remote:
            say(f"`scumble connect {other.url}` uses that one again.")
    if remote is not None:
        say("`scumble connect --local` uses this computer again.")
