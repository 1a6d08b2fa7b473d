"""From a folder of a family to a model in memory."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import diffusers
import torch

from scumble_server.families.adapter import FamilyModel
from scumble_server.models.device import careful_type
from scumble_server.models.fast import quicken
from scumble_server.models.folders import variant_of
from scumble_server.models.json_files import read_json
from scumble_server.models.placing import put_on
from scumble_server.models.quantised import gguf_file

if TYPE_CHECKING:
    from pathlib import Path

    from scumble_server.families.family import Family
    from scumble_server.spec import ModelSpec


def load_family(
    folder: Path,
    spec: ModelSpec,
    family: Family,
    device: torch.device,
    *,
    in_turns: bool = False,
    fast: bool = False,
) -> FamilyModel:
    """Load a diffusers folder that `check_folder` found whole.

    One that is too large for its device keeps its parts in the machine's memory, and each is on the
    device while it works. The type is bf16 where the device has it: transformers overflow in fp16.
    """
    pipeline: Any = getattr(diffusers, family.pipeline).from_pretrained(
        str(folder),
        torch_dtype=careful_type(device),
        variant=variant_of(folder / family.denoiser).removeprefix(".") or None,
        use_safetensors=True,
        local_files_only=True,
        trust_remote_code=False,
        **_packed_denoiser(folder, family, careful_type(device)),
    )
    pipeline.set_progress_bar_config(disable=True)
    for part in pipeline.components.values():
        if isinstance(part, torch.nn.Module):
            part.eval().requires_grad_(requires_grad=False)
    put_on(pipeline, spec, device, in_turns=in_turns)
    if fast:
        spec = replace(spec, fast=quicken(getattr(pipeline, family.denoiser), device))
    return FamilyModel(spec, family, pipeline, device)


def _packed_denoiser(folder: Path, family: Family, dtype: torch.dtype) -> dict[str, Any]:
    """The denoiser by its name, if its weights are in llama.cpp's format; else nothing."""
    path = gguf_file(folder / family.denoiser)
    if path is None:
        return {}
    kind = str(read_json(folder / "model_index.json")[family.denoiser][1])
    denoiser = getattr(diffusers, kind).from_single_file(
        str(path),
        config=str(folder),
        subfolder=family.denoiser,
        quantization_config=diffusers.GGUFQuantizationConfig(compute_dtype=dtype),
        torch_dtype=dtype,
        local_files_only=True,
    )
    return {family.denoiser: denoiser}
