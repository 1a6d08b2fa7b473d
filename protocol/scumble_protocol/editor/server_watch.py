"""What a panel knows of the server: whether there is one, and how one is started."""

from __future__ import annotations

from collections.abc import Callable

from scumble_protocol.choices import Sampler
from scumble_protocol.client import Connected, Disconnected
from scumble_protocol.editor.language import Translate, said
from scumble_protocol.editor.starter import Starter
from scumble_protocol.editor.view import Light
from scumble_protocol.errors import ScumbleError
from scumble_protocol.messages import Device

RETRY_SECONDS = 0.5
"""How often a server that is being started is tried."""


class ServerWatch:
    """Watches the connection.

    Args:
        starter: Starts the server of this machine.
        retry: Tries to connect at once.
        tr: Translates.
        clock: Seconds that only rise.
    """

    def __init__(
        self,
        starter: Starter,
        retry: Callable[[], None],
        tr: Translate,
        clock: Callable[[], float],
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
        self._tried = 0.0

    @property
    def can_start(self) -> bool:
        """Whether there is no connection, and this machine knows how to start a server."""
        return self.light is Light.OFF and self._starter.is_possible

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
        self.light, self.is_starting, self._tried = Light.ON, False, 0.0
        self.samplers, self.device = welcome.samplers, welcome.device
        self.text = self._tr(
            "Scumble {version} on {device}", version=welcome.version, device=welcome.device.name
        )

    def disconnected(self, event: Disconnected) -> None:
        """There is no connection, for this reason."""
        self.light = Light.OFF
        if not self.is_starting:
            self.text = said(event.error, self._tr)

    def look(self) -> None:
        """See how a server does that is being started; nothing where none is.

        Raises:
            ScumbleError: It ended.
        """
        if not self.is_starting:
            return
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
