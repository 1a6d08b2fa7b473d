"""`scumble serve`: the server in this process, until Ctrl-C."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scumble_cli.start_command import note_start_command
from scumble_cli.terminal import say
from scumble_protocol.endpoint import state_folder
from scumble_server.app import serve
from scumble_server.config import ServerConfig

if TYPE_CHECKING:
    from argparse import Namespace
    from pathlib import Path

    from scumble_protocol.endpoint import Endpoint


def run(arguments: Namespace) -> int:
    """Serve until interrupted, which is the ordinary end.

    Raises:
        ScumbleError: The server could not start.
    """
    chosen = {
        name: value
        for name in ("host", "port", "model", "device", "hang_seconds", "log_level")
        if (value := getattr(arguments, name)) is not None
    }
    state = arguments.state or state_folder()
    try:
        serve(ServerConfig(state=state, **chosen), lambda endpoint: _announce(endpoint, state))
    except KeyboardInterrupt:
        say("The server has ended.")
    return 0


def _announce(endpoint: Endpoint, state: Path) -> None:
    note_start_command(state)
    say(f"Scumble listens on {endpoint.host}, port {endpoint.port}. Ctrl-C ends it.")
    say("Krita and GIMP on this machine find it by themselves.")
