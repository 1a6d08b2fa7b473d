"""`scumble status`: how the server is, on one screen."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING

from scumble_cli.connection import Connection, remote_url, server_answers
from scumble_cli.desk import SILENCE, Desk
from scumble_cli.log_lines import LOG_NAME
from scumble_cli.terminal import reporter, say
from scumble_cli.words import how_long, how_many, how_much
from scumble_protocol import endpoint
from scumble_protocol.errors import ErrorCode, PeerError, ScumbleError

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator
    from pathlib import Path

    from scumble_protocol.messages import Status, Welcome

NOT_RUNNING = 3
"""As `systemctl status` says of a service that does not run."""


def run(arguments: Namespace) -> int:
    """Print it: 0 if a server runs, 3 if none does.

    Raises:
        ScumbleError: A server runs, but does not answer, or not us.
    """
    state = endpoint.state_folder()
    elsewhere = remote_url(arguments)
    if elsewhere is None and not server_answers(state):
        _say_none(state, as_json=arguments.json)
        return NOT_RUNNING
    try:
        welcome, status = _ask(arguments)
    except ScumbleError as error:
        found = endpoint.read(state) if elsewhere is None else None
        if found is None or error.code not in SILENCE:
            raise
        raise _silent(found.pid) from error
    is_ours = elsewhere is None
    address = elsewhere or _address(state)
    if arguments.json:
        _say_json(address, state if is_ours else None, status, welcome)
    else:
        for name, text in _facts(address, state if is_ours else None, status, welcome):
            say(f"{name:10} {text}")
    return 0


def _ask(arguments: Namespace) -> tuple[Welcome, Status]:
    with reporter() as shown, Connection(arguments, shown) as connection:
        desk = Desk(connection, connection.client.poll, shown)
        return desk.await_welcome(), desk.status()


def _silent(pid: int) -> PeerError:
    return PeerError(
        ErrorCode.NO_SERVER,
        f"The Scumble server of this machine is there, as process {pid}, but does not answer.",
        "`scumble doctor` says what to do about it.",
    )


def _say_none(state: Path, *, as_json: bool) -> None:
    if as_json:
        say(json.dumps({"running": False, "state": str(state)}, indent=2))
        return
    say("No Scumble server is running on this machine. Start it with `scumble serve`.")
    say(f"{'folder':10} {state}")


def _say_json(address: str, state: Path | None, status: Status, welcome: Welcome) -> None:
    values = {
        "address": address,
        "state": str(state) if state else None,
        "log": str(state / LOG_NAME) if state else None,
        **dataclasses.asdict(status),
        "running": True,  # the server; its jobs are these:
        "running_jobs": status.running,
        "version": status.version or welcome.version,
        "device": dataclasses.asdict(status.device or welcome.device),
    }
    say(json.dumps(values, indent=2))


def _facts(
    address: str, state: Path | None, status: Status, welcome: Welcome
) -> Iterator[tuple[str, str]]:
    device = status.device or welcome.device
    yield "server", f"runs since {how_long(status.uptime)}, version {welcome.version}"
    if status.trouble:
        yield "trouble", status.trouble
    yield "address", address
    memory = f", {how_much(device.memory)}" if device.memory else ""
    yield (
        "device",
        f"{device.name} ({device.id}{memory}); models take {how_much(status.memory_used)}",
    )
    yield "models", ", ".join(status.loaded) or "none in memory"
    yield "jobs", f"{status.running} running, {status.waiting} waiting"
    also = "this command" if status.connections == 1 else "one of them this command"
    yield "clients", f"{status.connections} ({also})"
    yield "kept", f"{how_many(status.kept_jobs, 'job')}, {how_much(status.kept_bytes)} of pictures"
    if status.keep_days:
        yield (
            "",
            f"deleted after {status.keep_days:g} days, or above {how_much(status.keep_bytes)}; "
            f"never before {status.keep_unseen_days:g} days what no editor has seen",
        )
    yield "disk", f"{how_much(status.disk_free)} free"
    if status.restarts:
        yield "restarts", f"{status.restarts}, because the device hung; see `scumble logs`"
    if state is not None:
        yield "folder", str(state)
        yield "log", f"{state / LOG_NAME} (`scumble logs` prints it)"


def _address(state: Path) -> str:
    found = endpoint.read(state)
    return found.url if found else ""
