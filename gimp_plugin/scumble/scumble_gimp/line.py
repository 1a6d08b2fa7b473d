"""The line to the server: what came over it last, and how one is started that isn't there."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from scumble_gimp.host import GLib
from scumble_gimp.version import version
from scumble_protocol import endpoint
from scumble_protocol.client import Client, Connected, Disconnected, chosen_server, read_servers
from scumble_protocol.editor.canvas import Canvas
from scumble_protocol.editor.starter import Starter
from scumble_protocol.editor.studio import Studio, StudioEvent
from scumble_protocol.errors import ErrorCode, PeerError, ScumbleError
from scumble_protocol.messages import Welcome

WAIT_SECONDS: Final = 0.02
RETRY_SECONDS: Final = 0.5
GREETING_SECONDS: Final = 15.0
"""How long to wait for a server that should be there."""

START_SECONDS: Final = 120.0
"""How long to wait for one that is being started; a machine may look for viruses in it first."""

_NOT_THERE: Final = frozenset(
    {ErrorCode.NO_SERVER, ErrorCode.DISCONNECTED, ErrorCode.SHUTTING_DOWN}
)


class Line:
    """A client and its studio for one canvas; use it in a `with` statement.

    Args:
        state: The folder of the server's state.
        canvas: The canvas that jobs work on.
    """

    def __init__(self, state: Path, canvas: Canvas) -> None:
        self._state = state
        self._client = Client(chosen_server(state), name="GIMP", version=version())
        self._starter = Starter(state)
        self.studio = Studio(self._client, canvas)
        self.welcome: Welcome | None = None
        self.server = ""
        self.error: ScumbleError | None = None
        self._lost_at: float | None = None

    def __enter__(self) -> Line:
        self._client.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    @property
    def can_start(self) -> bool:
        """Whether this machine's server is used, does not run, and can be started."""
        return not self._is_there and self._starter.is_possible

    @property
    def _is_there(self) -> bool:
        """Whether a server should answer: that of this machine runs, or another one is used."""
        return (
            read_servers(self._state).remote is not None or endpoint.read(self._state) is not None
        )

    @property
    def seconds_lost(self) -> float:
        """For how long there has been no connection; 0 while there is one."""
        return 0.0 if self._lost_at is None else time.monotonic() - self._lost_at

    def hear(self, seconds: float = WAIT_SECONDS) -> Sequence[StudioEvent]:
        """What happened, waiting up to so many seconds for it; also turns GLib's wheel."""
        while GLib.MainContext.default().iteration(False):
            pass
        if not self.studio.is_placing:
            self._client.wait(seconds)
        events = self.studio.tick()
        for event in events:
            if isinstance(event, Connected):
                self.welcome, self.error, self._lost_at = event.welcome, None, None
                self.server = event.server
            elif isinstance(event, Disconnected):
                self.error = event.error
                self._lost_at = self._lost_at or time.monotonic()
        return events

    def reach(self, show: Callable[[], None], *, may_start: bool) -> None:
        """Wait until the server is reached.

        Args:
            show: Called again and again; lets a progress bar move.
            may_start: Whether to start a server if none runs.

        Raises:
            ScumbleError: It can't be, or refuses us.
        """
        if self.welcome is not None and self.error is None:
            return
        is_starting = may_start and self.can_start
        if is_starting:
            self._starter.start()
        patience = START_SECONDS if is_starting else GREETING_SECONDS
        deadline = time.monotonic() + patience
        tried = time.monotonic()
        while self.welcome is None or self.error is not None:
            self.hear()
            show()
            if is_starting:
                self._starter.check()
            self._give_up(is_starting, is_late=time.monotonic() > deadline)
            if time.monotonic() - tried > RETRY_SECONDS:
                tried = time.monotonic()
                self.studio.retry()

    def _give_up(self, is_starting: bool, *, is_late: bool) -> None:
        """Raise what keeps us from the server, if waiting longer is no use."""
        if self.error is None:
            if is_late:
                raise _silent()
            return
        may_come = is_starting or self._is_there
        if is_late or not may_come or self.error.code not in _NOT_THERE:
            raise self.error


def _silent() -> PeerError:
    return PeerError(
        ErrorCode.NO_SERVER,
        f"The Scumble server did not answer within {GREETING_SECONDS:.0f} seconds.",
        "Look at what it says where it runs, or start it again with `scumble serve`.",
    )
