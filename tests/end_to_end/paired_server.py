"""A server with TLS that stands for another computer's, and the code that it shows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from scumble_protocol.pairing import AskClients, Clients, OfferPairing, PairingOffer, Revoke
from tests.end_to_end.server_process import PATIENCE, ServerProcess, painter, running_server


@dataclass(frozen=True)
class PairedServer:
    """A running server whose clients have to pair.

    Args:
        state: Its state folder.
        process: Its process.
    """

    state: Path
    process: ServerProcess

    def offer(self) -> PairingOffer:
        """What `scumble pair` shows there."""
        with painter(self.state, "owner") as owner:
            owner.client.ask(OfferPairing())
            offer = owner.until(lambda event: isinstance(event, PairingOffer))
        assert isinstance(offer, PairingOffer)
        return offer

    def revoke_all(self) -> None:
        """Let nobody in any longer."""
        with painter(self.state, "owner") as owner:
            owner.client.ask(AskClients())
            clients = owner.until(lambda event: isinstance(event, Clients))
            assert isinstance(clients, Clients)
            for client in clients.clients:
                owner.client.ask(Revoke(client.id))
            assert owner.client.wait(PATIENCE)


@contextmanager
def paired_server(state: Path) -> Iterator[PairedServer]:
    """Such a server, for as long as the block runs."""
    with running_server(state, "--tls") as process:
        yield PairedServer(state, process)
