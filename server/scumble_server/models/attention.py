"""Which kernel calculates a UNet's attention on a GPU: measured once, then kept (decision 79).

It is kept on disk because kernels differ by rounding, and the same request has to give the same
pixels at each start, whatever a clock says that day.
"""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

import torch
from torch.nn.functional import scaled_dot_product_attention

from scumble_server.models.attention_kernels import (
    CUDNN,
    EFFICIENT,
    FLASH,
    KERNELS,
    TORCHS_OWN,
    CallsSeen,
    seconds_by_kernel,
)
from scumble_server.models.device import describe_device
from scumble_server.models.diffusion import DiffusionModel

if TYPE_CHECKING:
    from collections import Counter
    from pathlib import Path

    from scumble_server.models.attention_kernels import Call

TRIED = (CUDNN, FLASH, EFFICIENT)

CLEARLY = 0.95
"""What a kernel takes at most of what torch's own choice takes, to be preferred."""

_log = logging.getLogger(__name__)


def choose_attention(model: object, file: Path, tried: tuple[str, ...] = TRIED) -> None:
    """Let a loaded UNet prefer the kernel that was the quickest on this device for one of its make.

    Whatever fails leaves the choice to torch.

    Args:
        model: On its device; if it has no UNet, nothing is done.
        file: Where choices are kept; made where it is missing.
        tried: Names of kernels.
    """
    if not isinstance(model, DiffusionModel):
        return
    kernel = _kept_or_measured(model, file, tried)
    if kernel in KERNELS:
        # Torch sets its own order when it first calculates attention: not while ours holds.
        head = torch.zeros(1, 1, 8, 8, dtype=_type(model), device=model.device)
        scaled_dot_product_attention(head, head, head)
        model.attention = kernel


def _kept_or_measured(model: DiffusionModel, file: Path, tried: tuple[str, ...]) -> str:
    choices, key = _read(file), _key(model)
    if key in choices:
        return choices[key]
    try:
        # First, in case that measuring ends the process: the next one then leaves it alone.
        _write(file, {**choices, key: TORCHS_OWN})
        kernel = _measured(model, tried)
        _write(file, {**choices, key: kernel})
    except OSError as error:
        _log.warning("How attention is calculated is left to torch: %s", error)
        return TORCHS_OWN
    return kernel


def _measured(model: DiffusionModel, tried: tuple[str, ...]) -> str:
    try:
        with torch.inference_mode():
            spent = seconds_by_kernel(calls_of(model), tried, model.device)
    except RuntimeError as error:
        _log.warning("How attention is calculated is left to torch: %s", error)
        return TORCHS_OWN
    kernel = min(spent, key=spent.__getitem__)
    if spent[kernel] > CLEARLY * spent[TORCHS_OWN]:
        kernel = TORCHS_OWN
    told = ", ".join(f"{name} {1000 * seconds:.2f} ms" for name, seconds in spent.items())
    _log.info("Attention is calculated by %s (an evaluation: %s).", kernel, told)
    return kernel


def calls_of(model: DiffusionModel) -> Counter[Call]:
    """What attention is asked in a guided evaluation at the model's native side."""
    from scumble_server.sampling.guidance import tell

    spec = model.spec
    text = model.encode_text("", "", guided=True)
    told = tell(model, text, count=1, cfg=2.0, size=(spec.native_side, spec.native_side))
    side = spec.native_side // spec.latent_scale
    shape = (told.prompts, spec.unet_channels, side, side)
    read = torch.zeros(shape, dtype=_type(model), device=model.device)
    with CallsSeen() as seen:
        model.unet(
            read, torch.tensor(500, device=model.device), return_dict=False, **told.conditions
        )
    calls: Counter[Call] = seen.calls
    return calls


def _key(model: DiffusionModel) -> str:
    """Whatever the quickest kernel may depend on, but for the weights themselves."""
    config = model.unet.config
    facts = {
        "device": describe_device(model.device).name,
        "torch": torch.__version__,
        "cudnn": torch.backends.cudnn.version(),
        "type": str(_type(model)),
        "side": model.spec.native_side,
        "widths": config.block_out_channels,
        "heads": config.num_attention_heads or config.attention_head_dim,
        "blocks": (config.down_block_types, config.transformer_layers_per_block),
    }
    return json.dumps(facts, sort_keys=True)


def _type(model: DiffusionModel) -> torch.dtype:
    # diffusers' own `dtype` goes through the whole tree of modules.
    kind: torch.dtype = next(model.unet.parameters()).dtype
    return kind


def _read(file: Path) -> dict[str, str]:
    """The choices that were kept; none where the file is missing or damaged."""
    try:
        kept = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return kept if isinstance(kept, dict) else {}


def _write(file: Path, choices: dict[str, str]) -> None:
    part = file.with_suffix(".part")
    part.write_text(json.dumps(choices, indent=1), "utf-8")
    part.replace(file)
