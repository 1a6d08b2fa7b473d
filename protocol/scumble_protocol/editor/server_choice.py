"""Which server the painter uses: this computer's, or another one's that lets us in by a code."""

from __future__ import annotations

import platform
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

from scumble_protocol.client import (
    Address,
    Pairing,
    Servers,
    read_servers,
    write_servers,
)
from scumble_protocol.editor.language import Translate
from scumble_protocol.editor.server_trouble import trouble
from scumble_protocol.editor.view import ServerItem, ServerView
from scumble_protocol.errors import ErrorCode, ScumbleError, ServerError

LOOK_SECONDS = 2.0
"""How often to see whether another editor, or the command line, chose another server."""


class ServerChoice:
    """Knows which server is used, and has another one used; shared by all of a user's programs.

    Nothing here waits for the network.

    Args:
        state: The folder of the server's state.
        program: What the server on the other computer is to call this program.
        reconnect: Has the client look anew where its server is.
        tr: Translates.
        clock: Seconds that only rise.
    """

    def __init__(
        self,
        state: Path,
        program: str,
        reconnect: Callable[[], None],
        tr: Translate,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._state = state
        self._program = program
        self._reconnect = reconnect
        self._tr = tr
        self._clock = clock
        self._servers = read_servers(state)
        self._looked = clock()
        self._outcomes: deque[Address | ScumbleError] = deque()
        self._pairing = Pairing(self._outcomes.append)
        self._is_busy = False
        self._text = ""
        self._is_error = False

    @property
    def is_local(self) -> bool:
        """Whether this computer's server is used."""
        return self._servers.remote is None

    @property
    def view(self) -> ServerView:
        """What to show of it."""
        here = ServerItem("", self._tr("this computer"))
        known = (here, *(ServerItem(each.server, _name(each)) for each in self._servers.paired))
        used = here if self.is_local else next(i for i in known if i.id == self._servers.chosen)
        return ServerView(
            used=self._tr("Scumble uses the server on {name}.", name=used.name),
            others=tuple(item for item in known if item is not used),
            text=self._text,
            is_error=self._is_error,
            is_busy=self._is_busy,
        )

    def connect(self, address: str, code: str) -> None:
        """Be let in by a server on another computer and use it; `view` says how it goes.

        Args:
            address: Where it is, as it is typed.
            code: The code that it shows, as it is typed.
        """
        if self._is_busy:
            return
        self._is_busy = True
        self._say(self._tr("Connecting …"))
        self._pairing.start(address, code, f"{self._program}, {platform.node()}")

    def use(self, server: str) -> None:
        """Use another one that is known; that of this computer if it is empty.

        Raises:
            ScumbleError: It is not known any longer, or the choice can't be kept.
        """
        self._keep(read_servers(self._state).using(server))
        self._say("")

    def look(self) -> bool:
        """See what came of connecting, and what other programs chose; whether there is news."""
        if self._outcomes:
            self._take(self._outcomes.popleft())
            return True
        now = self._clock()
        if now - self._looked < LOOK_SECONDS:
            return False
        self._looked = now
        before, self._servers = self._servers, read_servers(self._state)
        if before == self._servers:
            return False
        self._reconnect()
        return True

    def _take(self, outcome: Address | ScumbleError) -> None:
        self._is_busy = False
        if isinstance(outcome, ScumbleError):
            is_code = outcome.code is ErrorCode.UNAUTHORIZED
            self._say(self._wrong_code() if is_code else trouble(outcome, self._tr), is_error=True)
            return
        try:
            self._keep(read_servers(self._state).joined(outcome))
        except ScumbleError as error:
            self._say(trouble(error, self._tr), is_error=True)
        else:
            self._say(self._tr("Connected: {name} does your work now.", name=_name(outcome)))

    def _wrong_code(self) -> str:
        return self._tr(
            "The server does not take this code. Look at it again, or make a new one with "
            "`scumble pair` there: each is good once, for ten minutes and five attempts."
        )

    def _keep(self, servers: Servers) -> None:
        try:
            write_servers(self._state, servers)
        except OSError as error:
            raise ServerError(
                ErrorCode.DISK_FULL,
                f"Which server is used can't be kept: {error}.",
                f"Make room, or see to it that {self._state} can be written.",
            ) from error
        self._servers = servers
        self._reconnect()

    def _say(self, text: str, *, is_error: bool = False) -> None:
        self._text, self._is_error = text, is_error


def _name(address: Address) -> str:
    """What people call a server: its address without what comes before the host."""
    return address.url.partition("://")[2]
