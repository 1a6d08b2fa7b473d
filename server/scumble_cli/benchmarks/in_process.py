"""The server's work without the server: the same functions, called in this process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scumble_server.app import STARTER_FOLDER
from scumble_server.models.catalog import Catalog
from scumble_server.models.device import choose_device, prepare_device
from scumble_server.models.shelf import Shelf
from scumble_server.run import run

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scumble_protocol.requests import Regenerate
    from scumble_server.work.made import Result
    from scumble_server.work.report import Report


class InProcess:
    """The starter on this machine's device, set up as the server sets it up."""

    def __init__(self) -> None:
        self.device = choose_device("auto")
        prepare_device(self.device)
        self._shelf = Shelf(Catalog([], STARTER_FOLDER), self.device)

    def run(self, request: Regenerate, blobs: Mapping[str, bytes]) -> Result:
        """Do a job."""
        return run(request, blobs.__getitem__, self._shelf, _heard)


def _heard(_: Report) -> None:
    """Nobody watches a benchmark's progress."""
