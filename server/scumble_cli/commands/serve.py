"""`scumble serve`: the server in this process, until Ctrl-C."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scumble_cli.start_command import note_start_command
from scumble_cli.terminal import say
from scumble_protocol.endpoint import state_folder
from scumble_server.app import serve
from scumble_server.clients.users import is_loopback
from scumble_server.config import NETWORK_PORT, ServerConfig

if TYPE_CHECKING:
    from argparse import Namespace
    from pathlib import Path

    from scumble_protocol.endpoint import Endpoint

_SETTINGS = (
    "host", "port", "model", "device", "tls_cert", "tls_key", "keep_days", "hang_seconds",
    "compile", "fast", "log_level",
)  # fmt: skip


def run(arguments: Namespace) -> int:
    """Serve until interrupted, which is the ordinary end.

    Raises:
        ScumbleError: The server could not start.
    """
    state = arguments.state or state_folder()
    config = _config(arguments, state)
    try:
        serve(config, lambda endpoint: _announce(endpoint, config))
    except KeyboardInterrupt:
        say("The server has ended.")
    return 0


def _config(arguments: Namespace, state: Path) -> ServerConfig:
    chosen: dict[str, Any] = {
        name: value for name in _SETTINGS if (value := getattr(arguments, name)) is not None
    }
    if arguments.keep_gib is not None:
        chosen["keep_bytes"] = arguments.keep_gib * 2**30
    return ServerConfig(
        state=state,
        origins=_words(arguments.allow_origin),
        hosts=_words(arguments.allow_host),
        **({"port": _usual_port(chosen.get("host", ServerConfig.host))} | chosen),
    )


def _usual_port(host: str) -> int:
    # Editors on this machine ask each time where the server is; others are told once.
    return ServerConfig.port if is_loopback(host) else NETWORK_PORT


def _words(text: str | None) -> tuple[str, ...]:
    return tuple(word.strip() for word in (text or "").split(",") if word.strip())


def _announce(endpoint: Endpoint, config: ServerConfig) -> None:
    note_start_command(config.state)
    host = endpoint.host if config.is_loopback else config.host
    say(f"Scumble listens on {host}, port {endpoint.port}. Ctrl-C ends it.")
    say("Krita and GIMP on this machine find it by themselves.")
    if endpoint.fingerprint:
        say("Connections are encrypted. The SHA-256 of the server's certificate is")
        say(f"    {endpoint.fingerprint}")
    if not config.is_loopback:
        say("`scumble pair` shows the code that lets an editor on another computer in.")
