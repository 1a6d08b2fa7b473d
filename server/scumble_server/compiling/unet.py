"""A UNet's evaluations by machine code, where there is some for their shapes (decisions 74, 77)."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psutil
import torch

from scumble_server.compiling.architecture import architecture_of, tensors_of
from scumble_server.compiling.blocks import CompiledBlocks
from scumble_server.compiling.code import ApartCode, BoundCode, WholeCode
from scumble_server.compiling.codes import Codes
from scumble_server.compiling.graph import Replayed, cuda_recorder
from scumble_server.compiling.order import Order, UnetFile, unet_file
from scumble_server.compiling.rows import as_row, shapes_of
from scumble_server.families.adapter import FamilyModel
from scumble_server.models.diffusion import DiffusionModel
from scumble_server.models.saving import is_taking_turns
from scumble_server.models.sources import CheckpointSource, FolderSource

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from scumble_server.compiling.architecture import Architecture
    from scumble_server.compiling.code import Code
    from scumble_server.compiling.compiler import Compiler
    from scumble_server.compiling.graph import Record
    from scumble_server.compiling.rows import Shapes

COMPILER_BYTES = 2 * 2**30
"""What must be free for a UNet to be compiled: the process takes 1.1 GB for a small one."""

MEMORY_TIMES = 4
"""How many times its weights must be free beside that, where they become part of the code: they are
read, laid out anew and written."""

_log = logging.getLogger(__name__)


class CompiledUnet:
    """What predicts instead of a UNet; where it gives None, the UNet has to.

    Args:
        unet: The UNet as it was loaded.
        module: Where it was loaded from, for code with its weights; or what it is, for code that is
            given them.
        compiler: Makes the code.
        record: Records what runs on a GPU; None where nothing can be.
    """

    def __init__(
        self,
        unet: torch.nn.Module,
        module: UnetFile | Architecture,
        compiler: Compiler,
        record: Record | None = None,
    ) -> None:
        self._unet = unet
        self._parts = tuple(unet.modules())
        self._module = module
        self._record = record
        self._codes = Codes(compiler, self._open, fast=bool(module.fast))
        self._is_altered = False
        self._may_keep = True
        self._weights = list(tensors_of(unet).values())
        self._places = _places(self._weights)

    @contextmanager
    def run(self) -> Iterator[None]:
        """Around a run: what it would have needed is compiled afterwards."""
        self._codes.begin()
        # LoRAs are hooks on the UNet's modules, of which compiled code knows nothing; and one whose
        # turn on the device is to come is not there.
        self._is_altered = hasattr(self._unet, "_hf_hook") or any(
            part._forward_hooks or part._forward_pre_hooks  # noqa: SLF001
            for part in self._parts
        )
        self._follow_weights()
        yield
        self._codes.end()

    def __call__(
        self, read: torch.Tensor, timestep: torch.Tensor, told: Mapping[str, Any]
    ) -> torch.Tensor | None:
        """The prediction for scaled samples, as the UNet gives it."""
        if self._is_altered or not self._may_keep:
            return None
        if (row := as_row(read, timestep, told)) is None:
            return None
        shapes = shapes_of(row)
        if (code := self._codes.get(shapes, lambda: self._order(shapes))) is None:
            return None
        made = code(list(row.values()), lambda: [self._plain(read, timestep, told)])
        return None if made is None else made[0]

    @property
    def bytes(self) -> int:
        """The memory that the code takes, nearly all of it weights where it has them inside."""
        return self._codes.bytes

    def forget(self) -> bool:
        """Keep no code in memory from now on, since that is short; whether there was any."""
        had_any = self._codes.clear()
        self._may_keep = not had_any
        return had_any

    def _order(self, shapes: Shapes) -> Order:
        return Order(self._module, shapes, torch.get_num_threads())

    def _plain(
        self, read: torch.Tensor, timestep: torch.Tensor, told: Mapping[str, Any]
    ) -> torch.Tensor:
        return torch.as_tensor(self._unet(read, timestep, return_dict=False, **told)[0])

    def _open(self, file: Path) -> Code:
        if isinstance(self._module, UnetFile):
            return WholeCode(file)
        code = BoundCode(ApartCode(file, torch.device(self._module.device)), self._weights)
        return Replayed(code, self._record) if self._record else code

    def _follow_weights(self) -> None:
        """Give up code that knows where weights were, if they lie elsewhere now."""
        if isinstance(self._module, UnetFile):
            return
        weights = list(tensors_of(self._unet).values())
        if (places := _places(weights)) != self._places:
            self._codes.clear()
            self._weights, self._places = weights, places


def attach(model: object, source: object, compiler: Compiler) -> None:
    """Let a model that was loaded be compiled, if it is of a kind that can be."""
    if not isinstance(source, (FolderSource, CheckpointSource)):
        return
    if isinstance(model, FamilyModel):
        # On a CPU there is nothing to be won (decision 77).
        if model.device.type != "cpu":
            attach_blocks(model, source.id, compiler)
        return
    if not isinstance(model, DiffusionModel):
        return
    if model.device.type == "cpu":
        attach_whole(model, source, compiler)
    else:
        attach_apart(model, source.id, compiler)


def attach_whole(
    model: DiffusionModel, source: FolderSource | CheckpointSource, compiler: Compiler
) -> None:
    """Let a UNet on the CPU be compiled with its weights inside, which is quickest there."""
    # As they are read, whatever they are brought to then.
    weights = sum(4 * part.numel() for part in tensors_of(model.unet).values())
    if not _has_memory(COMPILER_BYTES + MEMORY_TIMES * weights, source.id):
        return
    configs = source.checkpoint.configs if isinstance(source, CheckpointSource) else None
    try:
        file = unet_file(source.path, configs, model.unet.config.in_channels, model.spec.fast)
    except OSError as error:
        _log.warning("%s is not compiled: %s", source.id, error)
    else:
        model.compiled = CompiledUnet(model.unet, file, compiler)


def attach_apart(model: DiffusionModel, name: str, compiler: Compiler) -> None:
    """Let a UNet be compiled to code that is given its weights, which stay where they are."""
    if is_taking_turns(model.pipeline):
        _log.info("%s is not compiled: its parts take turns on the device.", name)
        return
    architecture = architecture_of(model.unet, fast=model.spec.fast)
    if architecture is None:
        _log.info("%s is not compiled: its weights are packed.", name)
        return
    if _has_memory(COMPILER_BYTES, name):
        record = cuda_recorder() if model.device.type == "cuda" else None
        model.compiled = CompiledUnet(model.unet, architecture, compiler, record)


def attach_blocks(model: FamilyModel, name: str, compiler: Compiler) -> None:
    """Let the blocks that a transformer repeats be compiled to code that is given their weights."""
    transformer = getattr(model.pipeline, model.family.denoiser)
    if is_taking_turns(model.pipeline) or not model.family.compiles:
        _log.info("%s is not compiled: it is too large, or its calls differ too much.", name)
        return
    if _has_memory(COMPILER_BYTES, name):
        model.compiled = CompiledBlocks(transformer, compiler, model.spec.fast)


def _has_memory(needed: int, name: str) -> bool:
    if needed <= psutil.virtual_memory().available:
        return True
    _log.warning("%s is not compiled: that would take too much memory.", name)
    return False


def _places(tensors: Sequence[torch.Tensor]) -> tuple[int, ...]:
    return tuple(tensor.data_ptr() for tensor in tensors)
