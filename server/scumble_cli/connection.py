"""The way to a server: the one that was named, the one that runs here, or one of our own."""

from __future__ import annotations

import socket
import time
from argparse import Namespace
from typing import TYPE_CHECKING

from scumble_cli.named_server import named_server
from scumble_cli.own_server import OwnServer
from scumble_cli.version import version
from scumble_protocol import endpoint
from scumble_protocol.client import Client, chosen_server, local_server, read_servers
from scumble_protocol.errors import ErrorCode, PeerError, ServerError

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from scumble_cli.terminal import Reporter
    from scumble_protocol.client import Locate

PROBE_SECONDS = 2.0
RETRY_SECONDS = 1.0


class Connection:
    """A client of the server that the arguments mean; use it in a `with` statement.

    Without `--server` that is the server on another computer that `scumble connect` or an editor
    chose; else the one which runs with this user's state folder, or one that is started, and ended
    by whoever started it.

    Args:
        arguments: The command's arguments, `server`, `token` and `fingerprint` among them.
        reporter: Told that a server is being started.

    Raises:
        ScumbleError: The address makes no sense, or no server could be started.
    """

    def __init__(self, arguments: Namespace, reporter: Reporter) -> None:
        self._reporter = reporter
        self._state = endpoint.state_folder()
        self._is_remote = remote_url(arguments) is not None
        self.own: OwnServer | None = None
        self.client = Client(_locate(arguments, self._state), name="scumble", version=version())

    def __enter__(self) -> Connection:
        self.ensure_server()
        self.client.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.client.close()
        if self.own is not None:
            self.own.end()

    def ensure_server(self) -> None:
        """Start a server unless one was named, or answers already, or has been started before.

        A server found running may be another command's, which ends it when it is done. The client
        then finds ours by the endpoint file, and its jobs in the journal that both share.
        """
        if self._is_remote or self.own or server_answers(self._state):
            return
        self._reporter.show("Starting a server", 0, 0, -1)
        self.own = self._start()

    def _start(self) -> OwnServer | None:
        """A server of our own; None if another program's was ready first.

        Only one server can use a state folder, and one that is ending needs a moment to let go.
        """
        for is_last in (False, False, True):
            own = OwnServer(self._state)
            try:
                own.start()
            except ServerError:
                if server_answers(self._state):
                    return None
                if is_last:
                    raise
                time.sleep(RETRY_SECONDS)
            else:
                return own
        raise AssertionError


class OwnersConnection(Connection):
    """A client of the server that runs on this machine, whichever is chosen for work.

    Only its owner may let others in; no server is started for that, since it would end with the
    command.

    Args:
        reporter: Where progress is shown.

    Raises:
        PeerError: No server runs.
    """

    def __init__(self, reporter: Reporter) -> None:
        super().__init__(Namespace(server=None, token=None, fingerprint=None), reporter)
        self.client = Client(local_server(self._state), name="scumble", version=version())

    def ensure_server(self) -> None:
        """See that there is one.

        Raises:
            PeerError: There is none.
        """
        if not server_answers(self._state):
            raise PeerError(
                ErrorCode.NO_SERVER,
                "No Scumble server is running on this machine.",
                "Start it for other computers with `scumble serve --host 0.0.0.0`.",
            )


def remote_url(arguments: Namespace) -> str | None:
    """The address of the server that the arguments mean; None where it is this machine's own."""
    if arguments.server:
        return str(arguments.server)
    chosen = read_servers(endpoint.state_folder()).remote
    return None if chosen is None else chosen.url


def _locate(arguments: Namespace, state: Path) -> Locate:
    if not arguments.server:
        return chosen_server(state)
    address = named_server(arguments, state)
    return lambda: address


def server_answers(state: Path) -> bool:
    """Whether a server runs with this state folder.

    The process id in an old endpoint file may be another program's by now, so it is tried
    whether something listens.
    """
    found = endpoint.read(state)
    if found is None:
        return False
    try:
        socket.create_connection((found.host, found.port), PROBE_SECONDS).close()
    except OSError:
        return False
    return True
