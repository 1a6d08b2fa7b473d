"""Random LoRAs, in the ways that tools name them, and textual inversions, for the tiny models."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from scumble_server.models.diffusion import DiffusionModel
from tests.server.models.original_layout import unet_name

RANK, ALPHA = 2, 1.0
PARTS = ("unet", "text_encoder", "text_encoder_2")

Tensors = dict[str, torch.Tensor]
Place = tuple[str, str, Any]
"""A part, the name of a module in it, and the module."""


def attention_places(model: DiffusionModel) -> list[Place]:
    """The attention's projections, as most LoRAs change them."""
    return [
        place
        for place in places(model)
        if place[1].endswith(("to_q", "to_v", "to_out.0", "q_proj", "out_proj", "mlp.fc1"))
    ]


def places(model: DiffusionModel) -> list[Place]:
    """Every linear layer and convolution of the UNet and the text encoders."""
    return [
        (part, name, module)
        for part in PARTS
        for name, module in getattr(model.pipeline, part, torch.nn.Module()).named_modules()
        if isinstance(module, (torch.nn.Linear, torch.nn.Conv2d)) and name != "text_projection"
    ]


def factors(module: Any, generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """Down and up of a module, so large that a picture changes."""
    outputs, inputs, *window = module.weight.shape
    down = torch.randn(RANK, inputs, *window, generator=generator) * 0.3
    up = torch.randn(outputs, RANK, *[1] * len(window), generator=generator) * 0.3
    return down, up


def kohya(part: str, name: str, model: DiffusionModel) -> str:
    """A module's name as kohya's tools write it; SDXL's UNet as the original code does."""
    is_sdxl = hasattr(model.pipeline, "text_encoder_2")
    if part == "unet":
        if is_sdxl:
            layers = model.unet.config.layers_per_block
            name = unet_name(f"{name}.weight", layers, model.unet).removesuffix(".weight")
        return f"lora_unet_{name.replace('.', '_')}"
    prefix = {"text_encoder": "te1" if is_sdxl else "te", "text_encoder_2": "te2"}[part]
    return f"lora_{prefix}_text_model_{name.removeprefix('text_model.').replace('.', '_')}"


def save_kohya(path: Path, model: DiffusionModel, chosen: Iterable[Place], seed: int = 0) -> Path:
    """A file as kohya's tools write it."""
    generator = torch.Generator().manual_seed(seed)
    tensors: Tensors = {}
    for part, name, module in chosen:
        down, up = factors(module, generator)
        stem = kohya(part, name, model)
        tensors |= {f"{stem}.lora_down.weight": down, f"{stem}.lora_up.weight": up}
        tensors[f"{stem}.alpha"] = torch.tensor(ALPHA)
    save_file(tensors, path)
    return path


Keys = Callable[[str, str], tuple[str, str]]
"""The names of down and up for a part and a module's name."""

DIFFUSERS: dict[str, Keys] = {
    "peft": lambda part, name: (
        f"{part}.{name}.lora_A.weight",
        f"{part}.{name}.lora_B.weight",
    ),
    "plain": lambda part, name: (
        f"{part}.{name}.lora.down.weight",
        f"{part}.{name}.lora.up.weight",
    ),
    "oldest": lambda part, name: (
        _oldest(part, name, "down"),
        _oldest(part, name, "up"),
    ),
}


def _oldest(part: str, name: str, role: str) -> str:
    if part != "unet":
        return f"{part}.{name}.lora_linear_layer.{role}.weight"
    attention, _, projection = name.removesuffix(".0").rpartition(".")
    return f"unet.{attention}.processor.{projection}_lora.{role}.weight"


def save_diffusers(
    path: Path, model: DiffusionModel, chosen: Iterable[Place], form: str, seed: int = 0
) -> Path:
    """A file as diffusers writes or wrote it, with the same factors as `save_kohya`."""
    generator = torch.Generator().manual_seed(seed)
    tensors: Tensors = {}
    for part, name, module in chosen:
        down, up = DIFFUSERS[form](part, name)
        tensors[down], tensors[up] = factors(module, generator)
    alphas = {f"{part}.lora_alpha": ALPHA for part in PARTS}
    save_file(tensors, path, {"format": "pt", "lora_adapter_metadata": json.dumps(alphas)})
    return path


def save_three_factors(path: Path, model: DiffusionModel) -> Path:
    """A file for the UNet's 3x3 convolutions with a third factor between down and up."""
    generator = torch.Generator().manual_seed(0)
    tensors: Tensors = {}
    for part, name, module in places(model):
        if part == "unet" and module.weight.shape[2:] == (3, 3):
            outputs, inputs = module.weight.shape[:2]
            shapes = {"down": (RANK, inputs, 1, 1), "mid": (RANK, RANK, 3, 3)}
            shapes["up"] = (outputs, RANK, 1, 1)
            for role, shape in shapes.items():
                key = f"{kohya(part, name, model)}.lora_{role}.weight"
                tensors[key] = torch.randn(shape, generator=generator) * 0.3
    save_file(tensors, path)
    return path


def merge(model: DiffusionModel, chosen: Iterable[Place], weight: float, seed: int = 0) -> None:
    """Change the weights themselves as such a file would: what a LoRA is by definition."""
    generator = torch.Generator().manual_seed(seed)
    for _part, _name, module in chosen:
        down, up = factors(module, generator)
        product = (up.flatten(1) @ down.flatten(1)).reshape(module.weight.shape)
        module.weight.data += weight * ALPHA / RANK * product


def lie_about_lengths(path: Path) -> None:
    """Give the first tensor of a file no bytes: only reading its weights shows that."""
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    name = next(name for name in header if name != "__metadata__")
    header[name]["data_offsets"] = [0, 0]
    changed = json.dumps(header).encode()
    path.write_bytes(len(changed).to_bytes(8, "little") + changed + data[8 + length :])


def save_embedding(path: Path, *widths: int, vectors: int = 2, seed: int = 0) -> torch.Tensor:
    """A textual inversion; gives the vectors of the first width."""
    generator = torch.Generator().manual_seed(seed)
    names = ("clip_l", "clip_g") if len(widths) > 1 else ("emb_params",)
    made = {
        name: torch.randn(vectors, width, generator=generator)
        for name, width in zip(names, widths, strict=True)
    }
    save_file(made, path)
    return made[names[0]]
