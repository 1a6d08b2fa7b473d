"""The commands about other computers: `pair`, `connect` and `clients`."""

from __future__ import annotations

import argparse

from scumble_cli.arguments.options import Add, add_json


def describe(add: Add) -> None:
    """Add the commands."""
    pair = add("pair", help="show a code that lets an editor on another computer in")
    add_json(pair)
    connect = add("connect", help="use the server of another computer, or this one's again")
    connect.add_argument(
        "address", nargs="?", metavar="ADDRESS", help="of the server, as `scumble pair` shows it"
    )
    connect.add_argument(
        "code", nargs="?", metavar="CODE", help="the code (needed the first time only)"
    )
    connect.add_argument("--local", action="store_true", help="use this computer's server again")
    add_json(connect)
    connect.set_defaults(fault_of=_fault_of_connect)
    clients = add("clients", help="list whom this computer's server let in, or revoke that")
    clients.add_argument("action", nargs="?", choices=("list", "revoke"), default="list")
    clients.add_argument("client", nargs="?", metavar="ID", help="whom to let in no more")
    add_json(clients)
    clients.set_defaults(fault_of=_fault_of_clients)


def _fault_of_connect(arguments: argparse.Namespace) -> str:
    if arguments.local and arguments.address:
        return "--local does not go with an address"
    return ""


def _fault_of_clients(arguments: argparse.Namespace) -> str:
    if arguments.action == "revoke" and not arguments.client:
        return "`scumble clients revoke` needs the ID that `scumble clients` shows"
    if arguments.action == "list" and arguments.client:
        return "`scumble clients list` takes no ID"
    return ""
