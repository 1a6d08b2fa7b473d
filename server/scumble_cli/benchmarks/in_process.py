"""The server's work without the server: the same functions, called in this process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scumble_server.app import STARTER_FOLDER
from scumble_server.models.catalog import STARTER, Catalog
from scumble_server.models.device import choose_device, prepare_device
from scumble_server.models.diffusion import DiffusionModel
from scumble_server.models.shelf import Shelf
from scumble_server.run import run
from scumble_server.work.report import silent

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scumble_protocol.requests import Regenerate
    from scumble_server.work.made import Result


class InProcess:
    """The starter on this machine's device, set up as the server sets it up.

    Args:
        fast: Whether it is as with `serve --fast on`.
    """

    def __init__(self, *, fast: bool = False) -> None:
        self.device = choose_device("auto")
        prepare_device(self.device)
        self._shelf = Shelf(Catalog([], STARTER_FOLDER), self.device, fast=fast)

    @property
    def model(self) -> DiffusionModel:
        """The starter, loaded."""
        model = self._shelf.get(STARTER, silent)
        assert isinstance(model, DiffusionModel)  # noqa: S101  (for the type checker)
        return model

    def run(self, request: Regenerate, blobs: Mapping[str, bytes]) -> Result:
        """Do a job."""
        return run(request, blobs.__getitem__, self._shelf, silent)
