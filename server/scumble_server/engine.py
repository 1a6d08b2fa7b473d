"""The engine of a real device: torch, the models in memory, the way from request to result."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from scumble_protocol.errors import ErrorCode, ServerError
from scumble_server.compiling.compiler import Compiler, why_not_on
from scumble_server.models.device import choose_device, describe_device, prepare_device
from scumble_server.models.shelf import Shelf
from scumble_server.models.shortage import SHORTAGES, is_out_of_memory
from scumble_server.run import run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from scumble_protocol.messages import Device, ModelInfo
    from scumble_protocol.requests import Request
    from scumble_server.models.catalog import Catalog
    from scumble_server.prompts.library import Library
    from scumble_server.work.made import Result
    from scumble_server.work.report import Reporter

_log = logging.getLogger(__name__)


class DeviceEngine:
    """Does jobs on one device.

    Args:
        name: The device's name, as in `ServerConfig.device`.
        catalog: Where models are.
        memory_budget: Bytes for models; None leaves the choice to the device.
        library: The files that prompts name.
        compiled: The folder for machine code; None where none is made.
        fast: Whether models shall calculate in fewer bits, where that is quicker.
        attention: The file that keeps which kernels are the quickest on a GPU; None leaves that to
            torch.

    Raises:
        RequestError: There is no such device.
    """

    def __init__(
        self,
        name: str,
        catalog: Catalog,
        memory_budget: int | None,
        library: Library,
        compiled: Path | None = None,
        *,
        fast: bool = False,
        attention: Path | None = None,
    ) -> None:
        self._device = choose_device(name)
        prepare_device(self._device)
        self._library = library
        self._shelf = Shelf(
            catalog,
            self._device,
            memory_budget,
            self._compiler(compiled),
            fast=fast,
            attention=attention,
        )

    def _compiler(self, folder: Path | None) -> Compiler | None:
        if folder is None:
            return None
        if why := why_not_on(self._device.type):
            _log.warning("Nothing is compiled: %s", why)
            return None
        return Compiler(folder)

    def device(self) -> Device:
        """The device, for people and for `welcome`."""
        return describe_device(self._device)

    def models(self) -> tuple[ModelInfo, ...]:
        """Every model that requests can name, and whether it is in memory."""
        return self._shelf.list()

    def loaded(self) -> tuple[str, ...]:
        """The ids of the models in memory."""
        return self._shelf.loaded

    def memory_used(self) -> int:
        """Bytes of memory that models take."""
        return self._shelf.memory_used

    def run(self, request: Request, blobs: Callable[[str], bytes], report: Reporter) -> Result:
        """Do a job.

        Raises:
            Cancelled: `report` said so.
            ScumbleError: The job can't be done; OUT_OF_MEMORY where nothing smaller would do.
        """
        try:
            return run(request, blobs, self._shelf, report, self._library)
        except SHORTAGES as error:
            if not is_out_of_memory(error):
                raise
            raise ServerError(
                ErrorCode.OUT_OF_MEMORY,
                f"The device has too little memory for this: {str(error).splitlines()[0]}"
                if str(error)
                else "The device has too little memory for this.",
                "Select a smaller area, or close other programs that use the device.",
            ) from error
