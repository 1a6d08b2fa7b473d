"""A UNet's evaluations by machine code, where there is some for their shapes (decision 74)."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psutil
import torch

from scumble_server.models.compile_order import as_row, order_for, unet_file
from scumble_server.models.diffusion import DiffusionModel
from scumble_server.models.sources import CheckpointSource, FolderSource

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from scumble_server.models.compile_order import Order, UnetFile
    from scumble_server.models.compiler import Compiler

CODE_KEPT = 4
"""Shapes of one UNet whose code is in memory, each with its own copy of the weights."""

COMPILER_BYTES = 2 * 2**30
"""What must be free for a UNet to be compiled: the process takes 1.1 GB for a small one."""

MEMORY_TIMES = 4
"""How many times its weights must be free beside that: they are read, laid out anew and written."""

_log = logging.getLogger(__name__)


class CompiledUnet:
    """What predicts instead of a UNet on the CPU; where it gives None, the UNet has to.

    Within a run each shape is either compiled throughout or not at all, so that a run whose code is
    finished meanwhile does not change in its midst.

    Args:
        unet: The UNet as it was loaded.
        file: Where it was loaded from.
        compiler: Makes the code.
    """

    def __init__(self, unet: torch.nn.Module, file: UnetFile, compiler: Compiler) -> None:
        self._parts = tuple(unet.modules())
        self._file = file
        self._compiler = compiler
        self._codes: dict[Order, _Code] = {}
        self._run: dict[Order, _Code | None] = {}
        self._is_altered = False
        self._may_keep = True

    @contextmanager
    def run(self) -> Iterator[None]:
        """Around a run: what it would have needed is compiled afterwards."""
        self._compiler.tend()
        self._run.clear()
        # LoRAs are hooks on the UNet's modules, of which compiled code knows nothing.
        self._is_altered = any(
            part._forward_hooks or part._forward_pre_hooks  # noqa: SLF001
            for part in self._parts
        )
        yield
        self._compiler.tend()

    def __call__(
        self, read: torch.Tensor, timestep: torch.Tensor, told: Mapping[str, Any]
    ) -> torch.Tensor | None:
        """The prediction for scaled samples, as the UNet gives it."""
        if self._is_altered or not self._may_keep:
            return None
        if (row := as_row(read, timestep, told)) is None:
            return None
        order = order_for(self._file, row)
        if order not in self._run:
            self._run[order] = self._code(order)
        code = self._run[order]
        return None if code is None else code(list(row.values()))

    @property
    def bytes(self) -> int:
        """The memory that the code takes, nearly all of it weights."""
        return sum(code.bytes for code in self._codes.values())

    def forget(self) -> bool:
        """Keep no code in memory from now on, since that is short; whether there was any."""
        had_any = bool(self._codes)
        self._may_keep = not had_any
        self._codes.clear()
        self._run.clear()
        return had_any

    def _code(self, order: Order) -> _Code | None:
        if order in self._codes:
            self._codes[order] = self._codes.pop(order)
            return self._codes[order]
        file = self._compiler.find(order)
        if file is None:
            return None
        try:
            code = _Code(file)
        except (RuntimeError, OSError) as error:
            _log.warning("%s can't be used and is compiled again: %s", file.name, error)
            file.unlink(missing_ok=True)
            return None
        while len(self._codes) >= CODE_KEPT:
            del self._codes[next(iter(self._codes))]
        self._codes[order] = code
        return code


class _Code:
    """Machine code in memory.

    Args:
        file: As `compile_one` wrote it.

    Raises:
        RuntimeError: It is damaged.
    """

    def __init__(self, file: Path) -> None:
        self.bytes = file.stat().st_size
        self._runner = torch._C._aoti.AOTIModelContainerRunnerCpu(str(file), 1)  # noqa: SLF001

    def __call__(self, row: list[torch.Tensor]) -> torch.Tensor:
        return torch.as_tensor(self._runner.run(row)[0])


def attach(model: object, source: object, compiler: Compiler) -> None:
    """Let a model that was loaded on the CPU be compiled, if it is of a kind that can be."""
    if not isinstance(model, DiffusionModel):
        return
    if not isinstance(source, (FolderSource, CheckpointSource)):
        return
    weights = sum(part.numel() * part.element_size() for part in model.unet.parameters())
    needed = COMPILER_BYTES + MEMORY_TIMES * weights
    if needed > psutil.virtual_memory().available:
        _log.warning("%s is not compiled: that would take too much memory.", source.id)
        return
    configs = source.checkpoint.configs if isinstance(source, CheckpointSource) else None
    try:
        file = unet_file(source.path, configs, model.unet.config.in_channels)
    except OSError as error:
        _log.warning("%s is not compiled: %s", source.id, error)
    else:
        model.compiled = CompiledUnet(model.unet, file, compiler)
