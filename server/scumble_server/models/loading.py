"""From files to a diffusion model in memory, on its device, in the type that suits both."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import diffusers
import torch
import transformers

from scumble_server.families.adapter import FamilyModel
from scumble_server.families.known import family_by_id
from scumble_server.families.loading import load_family
from scumble_server.models.clip.tokenizer import clip_tokenizer
from scumble_server.models.device import careful_type, weights_type
from scumble_server.models.diffusion import DiffusionModel
from scumble_server.models.fast import Way, quicken, replace_layers
from scumble_server.models.folders import has_component, variant_of
from scumble_server.models.json_files import read_json
from scumble_server.models.packed import pack_convolutions
from scumble_server.models.placing import put_on

if TYPE_CHECKING:
    from pathlib import Path

    from scumble_server.models.checkpoints import Checkpoint
    from scumble_server.spec import ModelSpec

# Neither shall draw progress bars on the terminal, nor advise those who call it.
for library in (diffusers, transformers):
    library.utils.logging.disable_progress_bar()
    library.utils.logging.set_verbosity_error()

UNUSED = ("safety_checker", "feature_extractor", "image_encoder")
"""Parts that some folders bring and nothing here uses."""


def load_folder(
    folder: Path,
    spec: ModelSpec,
    device: torch.device,
    *,
    in_turns: bool = False,
    fast: bool = False,
) -> DiffusionModel | FamilyModel:
    """Load a diffusers folder that `check_folder` found whole.

    Args:
        folder: The folder.
        spec: What the model needs.
        device: Where it shall work.
        in_turns: Whether its parts are to take turns there.
        fast: Whether its denoiser shall calculate in fewer bits, where that is quicker.
    """
    if family := family_by_id(spec.family):
        return load_family(folder, spec, family, device, in_turns=in_turns, fast=fast)
    index = read_json(folder / "model_index.json")
    pipeline = diffusers.DiffusionPipeline.from_pretrained(
        str(folder),
        dtype=weights_type(device),
        variant=variant_of(folder / "unet").removeprefix(".") or None,
        use_safetensors=True,
        local_files_only=True,
        trust_remote_code=False,
        **{name: None for name in UNUSED if has_component(index, name)},
    )
    return place(pipeline, spec, device, in_turns=in_turns, fast=fast)


def load_checkpoint(
    path: Path,
    checkpoint: Checkpoint,
    device: torch.device,
    *,
    in_turns: bool = False,
    fast: bool = False,
) -> DiffusionModel:
    """Load a single file in the original layout with the configs chosen for it.

    Its arguments are those of `load_folder`.
    """
    configs = checkpoint.configs
    name = str(read_json(configs / "model_index.json")["_class_name"])
    unet = _unet_of_file(path, configs, checkpoint.spec.unet_channels, weights_type(device))
    pipeline = getattr(diffusers, name).from_single_file(
        str(path),
        config=str(configs),
        unet=unet,
        local_files_only=True,
        dtype=weights_type(device),
        **_tokenizers(configs),
    )
    return place(pipeline, checkpoint.spec, device, in_turns=in_turns, fast=fast)


def load_unet(path: Path, configs: Path | None, channels: int, fast: str = "") -> Any:
    """The UNet alone of a folder or, where there are configs, of a single file.

    It is in float32 on the CPU, and its layers are torch's own, but for those that calculate in the
    numbers that `fast` names.
    """
    if configs is not None:
        unet = _unet_of_file(path, configs, channels, torch.float32)
    else:
        unet = diffusers.UNet2DConditionModel.from_pretrained(
            str(path),
            subfolder="unet",
            dtype=torch.float32,
            variant=variant_of(path / "unet").removeprefix(".") or None,
            use_safetensors=True,
            local_files_only=True,
        )
    unet.to(memory_format=torch.channels_last).eval().requires_grad_(requires_grad=False)
    if fast:
        replace_layers(unet, Way(fast))
    return unet


def _unet_of_file(path: Path, configs: Path, channels: int, dtype: torch.dtype) -> Any:
    return diffusers.UNet2DConditionModel.from_single_file(
        str(path),
        config=str(configs),
        subfolder="unet",
        in_channels=channels,
        local_files_only=True,
        dtype=dtype,
    )


def place(
    pipeline: Any,
    spec: ModelSpec,
    device: torch.device,
    *,
    in_turns: bool = False,
    fast: bool = False,
) -> DiffusionModel:
    """Put a pipeline on its device, ready to be asked.

    Channels last is the faster layout for convolutions, on CPUs as on GPUs. The SDXL VAE
    overflows in fp16 (its config says `force_upcast`), so it gets a type with a wider range.
    """
    if getattr(pipeline.vae.config, "force_upcast", False) and pipeline.vae.dtype == torch.float16:
        pipeline.vae.to(careful_type(device))
    for part in (pipeline.unet, pipeline.vae):
        part.to(memory_format=torch.channels_last)
        part.eval().requires_grad_(requires_grad=False)
    put_on(pipeline, spec, device, in_turns=in_turns)
    if fast:
        spec = replace(spec, fast=quicken(pipeline.unet, device))
    if device.type == "cpu":  # else it may lie here only until its turn on the device comes
        pack_convolutions(pipeline.unet)
    return DiffusionModel(spec, pipeline, device)


def _tokenizers(configs: Path) -> dict[str, Any]:
    index = read_json(configs / "model_index.json")
    pads = {"tokenizer": "<|endoftext|>", "tokenizer_2": "!"}
    return {
        name: clip_tokenizer(pad=pad)
        for name, pad in pads.items()
        if has_component(index, name) and not (configs / name).exists()
    }
