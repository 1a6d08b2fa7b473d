"""`serve --fast on`: a denoiser's layers in fewer bits, where that is quicker (decision 78)."""

from __future__ import annotations

import logging
import math
from enum import Enum
from typing import TYPE_CHECKING, Any

import torch

from scumble_server.models.fast_layers import FP8, MULTIPLE, HalvedLayer, QuantisedLinear
from scumble_server.models.shortage import is_out_of_memory

if TYPE_CHECKING:
    from collections.abc import Iterator

_log = logging.getLogger(__name__)


class Way(Enum):
    """In which numbers layers calculate; the value is what people are told."""

    FP8 = "fp8"
    INT8 = "int8"
    BF16 = "bf16"


KINDS = {Way.FP8: FP8, Way.INT8: torch.int8}
"""The type of each way that quantises."""

TOLERANCE = {Way.FP8: 0.08, Way.INT8: 0.04, Way.BF16: 0.02}
"""How unlike the full product a device's may be, as a share of its size; of normally distributed
numbers it is 0.036, 0.012 and 0.004."""

_TRIED_ROWS = (2, 77, 256)
_TRIED_INPUTS, _TRIED_OUTPUTS = 320, 640


def quicken(denoiser: Any, device: torch.device) -> str:
    """Let a loaded denoiser calculate in fewer bits, if its device is quicker that way.

    Args:
        denoiser: A UNet or a transformer; its layers are replaced.
        device: Where it shall work.

    Returns:
        The numbers that it calculates in now, for people; empty if nothing was changed.
    """
    # What came in fewer bits already has weights that are no such numbers.
    known = next(part for part in denoiser.parameters() if part.is_floating_point())
    if known.device.type != device.type:
        _log.warning("What takes turns on the device is not made faster.")
        return ""
    way = way_for(device, known.dtype)
    if way is None or not replace_layers(denoiser, way):
        _log.warning("Nothing is made faster: this device or model has no quicker numbers.")
        return ""
    if way is Way.BF16:
        _pack(denoiser)
    _log.info("The denoiser calculates in %s.", way.value)
    return way.value


def way_for(device: torch.device, dtype: torch.dtype) -> Way | None:
    """The quickest way that a device has and does right.

    It depends on the device alone and never on a measured time, so that the same request gives the
    same pixels at each start.
    """
    return next((way for way in offered(device) if is_right(way, device, dtype)), None)


def offered(device: torch.device) -> tuple[Way, ...]:
    """The ways that a device should be quicker by, the quickest first."""
    if device.type == "cpu":
        able = torch.cpu.get_capabilities()
        return (Way.BF16,) if able.get("avx512_bf16") or able.get("amx_bf16") else ()
    if device.type != "cuda" or torch.version.hip is not None:
        return ()
    capability = torch.cuda.get_device_capability(device)
    if capability >= (8, 9):
        return (Way.FP8, Way.INT8)
    return (Way.INT8,) if capability >= (8, 0) else ()


def is_right(way: Way, device: torch.device, dtype: torch.dtype) -> bool:
    """Whether a layer on the device gives that way what it gives in full, but for a tolerance."""
    drawn = torch.Generator().manual_seed(0)
    # Its own weights would be drawn by the generator that everything else shares.
    full = torch.nn.utils.skip_init(
        torch.nn.Linear, _TRIED_INPUTS, _TRIED_OUTPUTS, bias=False, device=device, dtype=dtype
    )
    with torch.inference_mode():
        full.weight.copy_(torch.randn(full.weight.shape, generator=drawn))
        reads = [torch.randn(rows, _TRIED_INPUTS, generator=drawn) for rows in _TRIED_ROWS]
        try:
            off = max(_unlike(full, way, read.to(device, dtype)) for read in reads)
        except RuntimeError as error:
            if is_out_of_memory(error):
                raise
            _log.warning("%s can't be used here: %s", way.value, error)
            return False
    if off > TOLERANCE[way]:
        _log.warning("%s is not used: this device multiplies it wrong.", way.value)
    return off <= TOLERANCE[way]


def _unlike(full: torch.nn.Linear, way: Way, read: torch.Tensor) -> float:
    """How far a product is off, as a share of its size; infinite where it is no number."""
    brief, wanted = _replacement(full, way), full(read).float()
    made = (brief.multiplied if isinstance(brief, QuantisedLinear) else brief)(read).float()
    off = float((made - wanted).norm() / wanted.norm())
    return off if math.isfinite(off) else math.inf


def replace_layers(denoiser: Any, way: Way) -> int:
    """Have the layers that do most of the work calculate another way; gives their number."""
    # By name, so that each is given up as soon as it is replaced.
    names = tuple(_chosen(denoiser, way))
    for name in names:
        parent, _, own = name.rpartition(".")
        replacement = _replacement(denoiser.get_submodule(name), way)
        setattr(denoiser.get_submodule(parent), own, replacement)
    return len(names)


def _pack(denoiser: torch.nn.Module) -> None:
    for part in denoiser.modules():
        if isinstance(part, HalvedLayer):
            part.pack()


def _replacement(layer: Any, way: Way) -> Any:
    return HalvedLayer(layer) if way is Way.BF16 else QuantisedLinear(layer, KINDS[way])


def _chosen(denoiser: torch.nn.Module, way: Way) -> Iterator[str]:
    """The names of layers: those inside of blocks, without what the blocks' norms are told."""
    for name, part in denoiser.named_modules():
        outer, *inner = name.split(".")
        is_inside = isinstance(getattr(denoiser, outer, None), torch.nn.ModuleList)
        if not is_inside and outer != "mid_block":
            continue
        if any(word.startswith(_MODULATING) for word in inner):
            continue
        if _is_brief(part) if way is Way.BF16 else _is_wide(part, name, denoiser):
            yield name


_MODULATING = ("norm", "adaLN", "img_mod", "txt_mod")
"""How the parts of blocks begin that scale and shift by the timestep: a single row for a picture,
and every value of it counts."""


def _is_brief(part: torch.nn.Module) -> bool:
    """Whether a layer can be in bf16 on a CPU."""
    if type(part) is torch.nn.Conv2d:
        return part.padding_mode == "zeros" and not isinstance(part.padding, str)
    return type(part) is torch.nn.Linear


def _is_wide(part: torch.nn.Module, name: str, denoiser: torch.nn.Module) -> bool:
    """Whether a layer is one that devices multiply in 8 bits, and of a transformer's block."""
    if (
        type(part) is not torch.nn.Linear
        or part.in_features % MULTIPLE + part.out_features % MULTIPLE
    ):
        return False
    return "transformer_blocks" in name or not hasattr(denoiser, "up_blocks")
