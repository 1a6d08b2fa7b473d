"""What a panel knows of the server: whether there is one, and how one is started."""

from __future__ import annotations

from collections.abc import Callable

from scumble_protocol.choices import Sampler
from scumble_protocol.client import Connected, Disconnected
from scumble_protocol.editor.language import Translate, said
from scumble_protocol.editor.server_choice import ServerChoice
from scumble_protocol.editor.server_trouble import trouble
from scumble_protocol.editor.starter import Starter
from scumble_protocol.editor.view import Light
from scumble_protocol.errors import ErrorCode, ScumbleError
from scumble_protocol.messages import Device

RETRY_SECONDS = 0.5
"""How often a server that is being started is tried."""

RETURN_SECONDS = 10.0
"""How long a server that took its leave may stay away before that is told as an error."""

_AWAY = frozenset({ErrorCode.SHUTTING_DOWN, ErrorCode.NO_SERVER, ErrorCode.DISCONNECTED})


class ServerWatch:
    """Watches the connection.

    Args:
        starter: Starts the server of this machine.
        retry: Tries to connect at once.
        tr: Translates.
        clock: Seconds that only rise.
        choice: Which server is used.
    """

    def __init__(
        self,
        starter: Starter,
        retry: Callable[[], None],
        tr: Translate,
        clock: Callable[[], float],
        choice: ServerChoice,
    ) -> None:
        self.light = Light.OFF
        self.text = tr("Looking for the Scumble server …")
        self.samplers: tuple[Sampler, ...] = ()
        self.device: Device | None = None
        self.is_starting = False
        self._starter = starter
        self._retry = retry
        self._tr = tr
        self._clock = clock
        self._choice = choice
        self._tried = 0.0
        self._until = 0.0
        self._reason = ""

    @property
    def can_start(self) -> bool:
        """Whether there is no connection, and a server of this machine would make one."""
        is_off = self.light is Light.OFF and not self.is_returning
        return is_off and self._choice.is_local and self._starter.is_possible

    @property
    def is_returning(self) -> bool:
        """Whether the server took its leave a moment ago, and may be starting anew."""
        return self._until != 0.0

    def start(self) -> None:
        """Start the server of this machine.

        Raises:
            ScumbleError: It can't be started.
        """
        self._starter.start()
        self.is_starting = True
        self.text = self._tr("Starting the server …")

    def connected(self, event: Connected) -> None:
        """A server answered."""
        welcome = event.welcome
        self.light, self.is_starting, self._tried, self._until = Light.ON, False, 0.0, 0.0
        self.samplers, self.device = welcome.samplers, welcome.device
        self.text = self._tr(
            "Scumble {version} on {device}", version=welcome.version, device=welcome.device.name
        )
        if event.server:
            self.text += f"\n{self._choice.view.used}"

    def disconnected(self, event: Disconnected) -> None:
        """There is no connection, for this reason."""
        self.light = Light.OFF
        self._reason = trouble(event.error, self._tr)
        if event.error.code is ErrorCode.SHUTTING_DOWN:
            self._until = self._clock() + RETURN_SECONDS
            self.text = self._reason
        elif event.error.code not in _AWAY:
            self._until = 0.0
        if not self.is_starting and not self.is_returning:
            self.text = self._reason

    def look(self) -> bool:
        """See how a server does that is being started or starts anew; whether there is news.

        Raises:
            ScumbleError: The one that was being started ended.
        """
        if self.is_returning and self._clock() >= self._until:
            self._until, self.text = 0.0, self._reason
            return True
        if not self.is_starting:
            return False
        try:
            self._starter.check()
        except ScumbleError as error:
            self.is_starting = False
            self.text = said(error, self._tr)
            raise
        now = self._clock()
        if now - self._tried >= RETRY_SECONDS:
            self._tried = now
            self._retry()
        return False
