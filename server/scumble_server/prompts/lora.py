"""LoRAs in use: what they add to a module's output, without touching the module.

A LoRA changes a weight W to W + s·U·D with two narrow matrices. Here W stays what it is, and
s·U·(D·x) is added to W·x by a hook on the module. So nothing has to be taken back, weights of any
precision work, and each request can have its own LoRAs at the cost of two narrow products a module.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch.nn import functional

from scumble_protocol.errors import ErrorCode, RequestError
from scumble_server.models.headers import damaged
from scumble_server.models.shortage import is_out_of_memory
from scumble_server.prompts.lora_file import (
    TEXT,
    TEXT_2,
    UNET,
    Factors,
    LoraHeader,
    Target,
    read_lora_header,
)
from scumble_server.prompts.module_names import target_of


@dataclass(frozen=True)
class Delta:
    """What a LoRA adds to one module.

    Args:
        module: The linear layer or convolution.
        part: Whether it is the UNet's.
        down: (rank, inputs) or, of a convolution, (rank, inputs, height, width).
        mid: (rank, rank, height, width) where a convolution has three factors, else None.
        up: (outputs, rank) or (outputs, rank, 1, 1); alpha / rank is multiplied in.
    """

    module: Any
    part: str
    down: torch.Tensor
    mid: torch.Tensor | None
    up: torch.Tensor

    def __call__(self, read: torch.Tensor) -> torch.Tensor:
        """What is added, at a weight of 1, for what the module reads."""
        if self.down.ndim == 2:
            return functional.linear(functional.linear(read, self.down), self.up)
        steps = (self.module.stride, self.module.padding, self.module.dilation)
        if self.mid is None:
            return functional.conv2d(functional.conv2d(read, self.down, None, *steps), self.up)
        narrow = functional.conv2d(functional.conv2d(read, self.down), self.mid, None, *steps)
        return functional.conv2d(narrow, self.up)


def load_lora(name: str, path: Path, modules: dict[Target, Any], model: str) -> tuple[Delta, ...]:
    """Read a LoRA, on the modules' devices and in their types.

    Args:
        name: Its name in the prompt.
        path: Its file.
        modules: As `modules_by_target` gives them.
        model: What to call the model in an error.

    Raises:
        RequestError: `DAMAGED_MODEL`; `UNSUPPORTED_MODEL` when it is made for other models.
    """
    header = read_lora_header(name, path)
    places = [
        (modules.get(target_of(target.part, target.module)), target, factors)
        for target, factors in header.factors.items()
    ]
    for module, target, factors in places:
        if module is None or not _fits(module, factors, header):
            raise _misfit(name, header, target, model)
    try:
        with safe_open(str(path), framework="pt") as file:
            alphas = read_alphas(file.metadata() or {})
            deltas = tuple(
                _delta(module, target.part, factors, file.get_tensor, alphas.get(target.part))
                for module, target, factors in places
            )
    except (SafetensorError, OSError, RuntimeError) as error:
        if is_out_of_memory(error):
            raise
        raise damaged(path, f"can't be read ({type(error).__name__})") from error
    if not all(bool(delta.down.isfinite().all() & delta.up.isfinite().all()) for delta in deltas):
        raise damaged(path, "holds values that are no numbers")
    return deltas


def read_alphas(metadata: Mapping[str, str]) -> dict[str, float]:
    """The alpha of each part as diffusers keeps it, where the file has none as a tensor."""
    try:
        config = json.loads(metadata.get("lora_adapter_metadata", "{}"))
        found = {part: config.get(f"{part}.lora_alpha") for part in (UNET, TEXT, TEXT_2)}
    except (ValueError, AttributeError):
        return {}
    return {part: float(alpha) for part, alpha in found.items() if isinstance(alpha, (int, float))}


def add_hooks(deltas: Iterable[Delta], *, text: float, unet: float) -> Iterator[Any]:
    """Let a LoRA take part, with these weights, until each of the handles given is removed.

    They are given one by one, so that whoever takes them has all that there are, should the next
    one fail.
    """
    for delta in deltas:
        weight = unet if delta.part == UNET else text
        if weight:
            yield delta.module.register_forward_hook(_hook(delta, weight))


def _hook(delta: Delta, weight: float) -> Callable[..., torch.Tensor]:
    def add(_module: Any, read: tuple[torch.Tensor, ...], made: torch.Tensor) -> torch.Tensor:
        return made + weight * delta(read[0])

    return add


def _delta(
    module: Any,
    part: str,
    factors: Factors,
    tensor: Callable[[str], torch.Tensor],
    alpha: float | None,
) -> Delta:
    down, up = tensor(factors.down).float(), tensor(factors.up).float()
    if factors.alpha:
        alpha = float(tensor(factors.alpha))
    scale = 1.0 if alpha is None else alpha / down.shape[0]
    weight = module.weight

    def placed(factor: torch.Tensor) -> torch.Tensor:
        if weight.ndim == 2:
            factor = factor.flatten(1)
        elif factor.ndim == 2:
            factor = factor[:, :, None, None]
        return factor.to(weight.device, weight.dtype).contiguous()

    mid = placed(tensor(factors.mid).float()) if factors.mid else None
    return Delta(module, part, placed(down), mid, placed(up * scale))


def _fits(module: Any, factors: Factors, header: LoraHeader) -> bool:
    """Whether the factors' product has the shape of the module's weight."""
    outputs, inputs, *window = module.weight.shape
    down, up = header.shapes[factors.down], header.shapes[factors.up]
    spread = header.shapes[factors.mid][2:] if factors.mid else down[2:]
    return (
        down[:2] == (up[1], inputs)
        and up[0] == outputs
        and not _spread(up[2:])
        and _spread(spread) == _spread(window)
    )


def _spread(window: Sequence[int]) -> list[int]:
    """The sides of a convolution's window; none where it is a single pixel, or a linear layer."""
    return [] if set(window) <= {1} else list(window)


def _misfit(name: str, header: LoraHeader, target: Target, model: str) -> RequestError:
    made_for = header.made_for or "another kind of model"
    return RequestError(
        ErrorCode.UNSUPPORTED_MODEL,
        f"The LoRA {name!r} is made for {made_for} and does not fit {model} (at {target.module}).",
        "Remove it from the prompt, or choose a model that it is made for.",
    )
