"""`scumble clients`: whom this computer's server let in."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from typing import TYPE_CHECKING

from scumble_cli.connection import OwnersConnection
from scumble_cli.desk import Desk
from scumble_cli.terminal import reporter, say
from scumble_protocol.errors import ErrorCode, RequestError
from scumble_protocol.pairing import AskClients, Clients, Revoke

if TYPE_CHECKING:
    from argparse import Namespace

    from scumble_protocol.pairing import PairedClient


def run(arguments: Namespace) -> int:
    """List them, or let one in no more.

    Raises:
        ScumbleError: No server runs on this machine, or there is no such client.
    """
    with reporter() as shown, OwnersConnection(shown) as connection:
        desk = Desk(connection, connection.client.poll, shown)
        desk.await_welcome()
        clients = desk.ask(AskClients(), Clients).clients
        if arguments.action == "revoke":
            clients = desk.ask(Revoke(_known(arguments.client, clients)), Clients).clients
    if arguments.json:
        say(json.dumps([dataclasses.asdict(client) for client in clients], indent=2))
        return 0
    if arguments.action == "revoke":
        say("It is let in no more, and its connections are closed.")
    if not clients:
        say("Nobody else is let in. `scumble pair` makes a code for another computer.")
    for client in clients:
        say(f"{client.id}  {client.name}")
        say(f"    since {_moment(client.since)}, {_presence(client)}")
    return 0


def _known(client: str, clients: tuple[PairedClient, ...]) -> str:
    if all(each.id != client for each in clients):
        raise RequestError(
            ErrorCode.INVALID_VALUE,
            f"No client has the ID {client!r}.",
            "`scumble clients` lists them.",
        )
    return client


def _presence(client: PairedClient) -> str:
    if client.connections:
        return "connected now"
    return f"last here {_moment(client.seen)}" if client.seen else "never here"


def _moment(seconds: float) -> str:
    return dt.datetime.fromtimestamp(seconds).astimezone().strftime("%Y-%m-%d %H:%M")
