"""`scumble pair`: a code that lets an editor on another computer in."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING

from scumble_cli.connection import OwnersConnection
from scumble_cli.desk import Desk
from scumble_cli.terminal import reporter, say
from scumble_protocol.client import Address
from scumble_protocol.pairing import OfferPairing, PairingOffer

if TYPE_CHECKING:
    from argparse import Namespace


def run(arguments: Namespace) -> int:
    """Have the running server make a code, and show it.

    Raises:
        ScumbleError: No server runs on this machine, or it does not answer.
    """
    with reporter() as shown, OwnersConnection(shown) as connection:
        desk = Desk(connection, connection.client.poll, shown)
        desk.await_welcome()
        offer = desk.ask(OfferPairing(), PairingOffer)
    if arguments.json:
        say(json.dumps(dataclasses.asdict(offer), indent=2))
        return 0
    say(f"Code         {offer.code}")
    for number, address in enumerate(offer.addresses):
        say(f"{'' if number else 'Address':12} {address}")
    if offer.fingerprint:
        say(f"Certificate  {offer.fingerprint}")
    say(f"It lets one computer in, once, within {offer.seconds // 60} minutes. There, choose")
    say("“Server …” in the editor's panel, or run:")
    say(f"  scumble connect {offer.addresses[0] if offer.addresses else 'ADDRESS'} {offer.code}")
    if not _reaches_out(offer):
        say("But this server can be reached from this computer only: start it with")
        say("  scumble serve --host 0.0.0.0")
    return 0


def _reaches_out(offer: PairingOffer) -> bool:
    return any(not Address(url, "").is_loopback for url in offer.addresses)
