"""A server to measure, with a state folder of its own, and a client that runs jobs on it."""

from __future__ import annotations

import tempfile
import time
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING

from scumble_cli.own_server import OwnServer
from scumble_cli.version import version
from scumble_protocol.client import Client, Connected, Disconnected, Result, local_server
from scumble_protocol.endpoint import state_folder
from scumble_protocol.errors import ErrorCode, PeerError, RequestError, error_of
from scumble_protocol.messages import Failed, Refused
from scumble_server.models.catalog import STARTER

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from scumble_protocol.client import ClientEvent
    from scumble_protocol.client.address import Locate
    from scumble_protocol.messages import ModelInfo, Welcome
    from scumble_protocol.requests import Request

SILENCE_SECONDS = 120.0
"""A server that says nothing for so long is stuck: even a slow step takes seconds."""


class Workbench:
    """A fresh server and a client of it; use it in a `with` statement.

    Its state lies beside the user's own, so that the journal is written to the same disk.

    Args:
        prepare: Called with the state folder before the server starts.
        reach: Changes how the client finds the server, to have something between the two.
    """

    def __init__(
        self,
        prepare: Callable[[Path], None] | None = None,
        reach: Callable[[Locate], Locate] | None = None,
    ) -> None:
        folder = state_folder()
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = tempfile.TemporaryDirectory(prefix="bench-", dir=folder)
        self._prepare = prepare
        self._server = OwnServer(Path(self._folder.name))
        self.locate: Locate = local_server(Path(self._folder.name))
        self.client = Client(
            reach(self.locate) if reach else self.locate,
            name="scumble-bench",
            version=version(),
        )
        self._untaken: deque[ClientEvent] = deque()

    def __enter__(self) -> Workbench:
        try:
            if self._prepare is not None:
                self._prepare(Path(self._folder.name))
            self._server.start()
        except BaseException:
            self._folder.cleanup()
            raise
        self.client.start()
        self.welcome = self._await_welcome()
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()
        self._server.end()
        self._folder.cleanup()

    @property
    def pid(self) -> int:
        """The server's process id."""
        return self._server.pid

    def starter_info(self) -> ModelInfo:
        """The model that ships with Scumble.

        Raises:
            RequestError: It is not there.
        """
        for model in self.welcome.models:
            if model.id == STARTER:
                return model
        raise RequestError(
            ErrorCode.UNKNOWN_MODEL,
            "The starter model is missing, and this is measured with it.",
            "Set Scumble up again, or measure something else with --only.",
        )

    def run(self, request: Request, blobs: Mapping[str, bytes]) -> Result:
        """Do a job as an editor would, up to the last byte of its result.

        Raises:
            ScumbleError: The job failed.
        """
        return self.finish(self.client.submit(request, blobs))

    def finish(self, job: str) -> Result:
        """Wait for a job's result and acknowledge it. Raises like `run`."""
        result = self.await_event(lambda event: isinstance(event, Result) and event.job == job)
        self.client.acknowledge(job)
        assert isinstance(result, Result)  # noqa: S101  (what was awaited, for the type checker)
        return result

    def await_event(self, is_wanted: Callable[[ClientEvent], bool]) -> ClientEvent:
        """The next event of a kind; those before it are dropped, those after it are kept.

        Raises:
            ScumbleError: A job failed, or nothing happens any more.
        """
        return awaited(self.client, self._untaken, is_wanted)

    def _await_welcome(self) -> Welcome:
        event = self.await_event(lambda event: isinstance(event, (Connected, Disconnected)))
        if isinstance(event, Disconnected):
            raise event.error
        assert isinstance(event, Connected)  # noqa: S101  (likewise)
        return event.welcome


def awaited(
    client: Client, untaken: deque[ClientEvent], is_wanted: Callable[[ClientEvent], bool]
) -> ClientEvent:
    """The next event of a kind, however long that takes while others come.

    Args:
        client: Hears the events.
        untaken: Those that it has heard already; what comes after the wanted one stays there.
        is_wanted: Tells the kind.

    Raises:
        ScumbleError: A job failed, or nothing happens any more.
    """
    heard = time.monotonic()
    while time.monotonic() - heard < SILENCE_SECONDS:
        client.wait(0 if untaken else 1)
        untaken.extend(client.poll())
        if untaken:
            heard = time.monotonic()
        while untaken:
            event = untaken.popleft()
            if is_wanted(event):
                return event
            if isinstance(event, (Failed, Refused)):
                raise error_of(event.code, event.message, event.hint)
    raise PeerError(
        ErrorCode.DISCONNECTED, "The server no longer answers.", "Run `scumble doctor`."
    )
