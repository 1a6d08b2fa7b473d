"""Which server is used: that of this machine, or one on another computer that let us in.

What is known of the others lies in one file of the state folder, for its owner alone. Editors and
the command line share it, and look into it before every attempt to connect.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from scumble_protocol.client.address import Address, Locate, local_server
from scumble_protocol.errors import ErrorCode, RequestError
from scumble_protocol.private_file import read_values, write_values

FILE_NAME = "servers.json"


@dataclass(frozen=True)
class Servers:
    """The servers that this user knows.

    Args:
        paired: Those that let us in, the newest first; each has another `Address.server`.
        chosen: The `Address.server` of the one that is used; empty for that of this machine.
    """

    paired: tuple[Address, ...] = ()
    chosen: str = ""

    @property
    def remote(self) -> Address | None:
        """The one that is used, unless it is that of this machine."""
        return next((each for each in self.paired if each.server == self.chosen), None)

    def joined(self, address: Address) -> Servers:
        """With one more, which is used from now on."""
        others = tuple(each for each in self.paired if each.server != address.server)
        return Servers((address, *others), address.server)

    def using(self, server: str) -> Servers:
        """With this one used, or that of this machine where it is empty.

        Raises:
            RequestError: It is none of these.
        """
        if server and all(each.server != server for each in self.paired):
            raise RequestError(
                ErrorCode.INVALID_VALUE,
                f"The server {server!r} has not let this computer in.",
                "Connect to it with a code: `scumble pair` shows one where it runs.",
            )
        return replace(self, chosen=server)


def read_servers(folder: Path) -> Servers:
    """What the file in the state folder says; what can't be read of it is passed over."""
    values = read_values(folder, FILE_NAME) or {}
    listed = values.get("paired")
    entries = listed if isinstance(listed, list) else []
    paired = tuple(address for entry in entries if (address := _address(entry)) is not None)
    known = Servers(paired)
    chosen = values.get("chosen")
    return replace(known, chosen=chosen) if chosen in [each.server for each in paired] else known


def write_servers(folder: Path, servers: Servers) -> None:
    """Keep it, in a file that nobody else may read.

    Raises:
        OSError: The folder can't be made or written.
    """
    paired = [asdict(address) for address in servers.paired]
    write_values(folder, FILE_NAME, {"chosen": servers.chosen, "paired": paired})


def chosen_server(folder: Path) -> Locate:
    """How to find the server that is used, as the state folder has it at each attempt.

    The returned function raises `PeerError` if that of this machine is used and does not run.
    """
    here = local_server(folder)
    return lambda: read_servers(folder).remote or here()


def _address(entry: Any) -> Address | None:
    fields = ("url", "token", "fingerprint", "server")
    if not isinstance(entry, Mapping) or any(type(entry.get(name)) is not str for name in fields):
        return None
    try:
        address = Address(**{name: entry[name] for name in fields})
    except RequestError:
        return None
    return address if address.server else None
