"""From files to networks in memory, on their device."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import diffusers
import torch
from diffusers import AutoencoderKL, AutoencoderTiny, ControlNetModel, ControlNetUnionModel
from diffusers.loaders import single_file_utils
from safetensors.torch import load_file

from scumble_protocol.errors import ErrorCode, RequestError
from scumble_server.control.networks import ControlNet, Vae
from scumble_server.control.places import Role
from scumble_server.control.sources import TRANSFORMERS
from scumble_server.models.checkpoints import SHIPPED_CONFIGS
from scumble_server.models.device import careful_type, weights_type
from scumble_server.models.folders import variant_of
from scumble_server.models.headers import damaged
from scumble_server.models.json_files import read_json
from scumble_server.models.linear import multiply_by_onednn
from scumble_server.models.packed import pack_convolutions
from scumble_server.models.shortage import is_out_of_memory

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from scumble_server.control.addition import Addition
    from scumble_server.control.layout import Files
    from scumble_server.control.sources import AdditionSource

Tensors = dict[str, torch.Tensor]


def load_addition(source: AdditionSource, device: torch.device) -> Addition:
    """Load what `read_addition` found usable.

    Raises:
        RequestError: `DAMAGED_MODEL` when tensors are missing or have other shapes than the config
            says, `UNSUPPORTED_MODEL` when a file brings no config and none of ours suits.
    """
    if source.role is Role.CONTROL:
        return load_control(source, device)
    if source.role is Role.VAE:
        return load_vae(source, device)
    # These import transformers, which takes seconds.
    if source.role is Role.PREPROCESSOR:
        from scumble_server.control.preprocessors import load_preprocessor

        return load_preprocessor(source, device)
    from scumble_server.control.adapter import load_adapter, load_encoder

    if source.role is Role.IMAGE_ENCODER:
        return load_encoder(source.path, device)
    return load_adapter(source, device)


def load_control(source: AdditionSource, device: torch.device) -> Addition:
    """Load a ControlNet from a diffusers folder or a single file of either layout."""
    name = str(source.files.config.get("_class_name"))
    if name in TRANSFORMERS:
        return _load_for_transformer(name, source, device)
    tensors = read_tensors(source.files)
    is_union = "task_embedding" in tensors
    kind = ControlNetUnionModel if is_union else ControlNetModel
    config = dict(source.files.config) or control_config(source, tensors)
    if is_union:
        config["num_control_type"] = tensors["task_embedding"].shape[0]
    if "time_embedding.linear_1.weight" not in tensors:
        tensors = single_file_utils.convert_controlnet_checkpoint(tensors, config)
    module = fill(kind, config, tensors, source.path)
    # Channels last is the faster layout, as for the UNet that it works beside.
    kept = weights_type(device)
    module.to(device, kept, memory_format=torch.channels_last)
    pack_convolutions(module)
    multiply_by_onednn(module)
    return ControlNet(module)


def _load_for_transformer(name: str, source: AdditionSource, device: torch.device) -> Addition:
    from scumble_server.control.transformers import TransformerNet

    # Some keep tables that are no weights, so that they can't be made empty and filled.
    module = getattr(diffusers, name).from_pretrained(
        str(source.path),
        local_files_only=True,
        use_safetensors=True,
        variant=variant_of(source.path).removeprefix(".") or None,
        dtype=weights_type(device),
    )
    return TransformerNet(module.to(device).eval().requires_grad_(requires_grad=False))


def load_vae(source: AdditionSource, device: torch.device) -> Vae:
    """Load a VAE from a diffusers folder or a single file of either layout."""
    tensors = read_tensors(source.files)
    if "decoder.layers.0.weight" in tensors:
        kind, config = AutoencoderTiny, dict(source.files.config)
    else:
        kind = AutoencoderKL
        config = dict(source.files.config) or read_json(SHIPPED_CONFIGS / "sd1/vae/config.json")
    tensors = {_renamed(name): value for name, value in tensors.items()}
    if any(".mid.block_1." in name for name in tensors):
        tensors = single_file_utils.convert_ldm_vae_checkpoint(tensors, config)
    kept = weights_type(device)
    if kept == torch.float16:
        kept = careful_type(device)  # SDXL's overflows, and nothing in a file tells it from others
    module = fill(kind, config, tensors, source.path)
    return Vae(module.to(device, kept, memory_format=torch.channels_last), source.id)


def read_tensors(files: Files) -> Tensors:
    """All tensors of an addition, in main memory."""
    return {name: value for path in files.weights for name, value in load_file(path).items()}


def fill(kind: Any, config: Mapping[str, Any], tensors: Tensors, path: Path) -> Any:
    """A network of a diffusers class with these weights, which have to be all that it has.

    Raises:
        RequestError: `DAMAGED_MODEL`.
    """
    with torch.device("meta"):
        module = kind.from_config(config)
    try:
        module.load_state_dict(tensors, strict=True, assign=True)
    except RuntimeError as error:
        if is_out_of_memory(error):
            raise
        what = str(error).strip().splitlines()[-1].strip().rstrip(".")
        raise damaged(path, f"does not fit its config ({what})") from error
    return module.eval().requires_grad_(requires_grad=False)


def _renamed(name: str) -> str:
    """A VAE's attention as diffusers calls it now; in older folders it has other names."""
    old = {".query.": ".to_q.", ".key.": ".to_k.", ".value.": ".to_v.", ".proj_attn.": ".to_out.0."}
    for before, now in old.items():
        name = name.replace(before, now)
    return name


def control_config(source: AdditionSource, tensors: Tensors) -> dict[str, Any]:
    """The config for a file that brings none: a ControlNet is made like its UNet."""
    shipped = {"sd1": "sd1", "sd2": "sd1", "sdxl": "sdxl"}
    base = source.fits[0] if source.fits else ""
    if base not in shipped:
        raise RequestError(
            ErrorCode.UNSUPPORTED_MODEL,
            f"The ControlNet {source.path} brings no config, and is of no usual making.",
            f"Put its config.json into a folder {source.path.with_suffix('').name} beside it.",
        )
    unet = read_json(SHIPPED_CONFIGS / shipped[base] / "unet" / "config.json")
    taken = inspect.signature(ControlNetModel.__init__).parameters
    config = {name: value for name, value in unet.items() if name in taken}
    reader = "controlnet_cond_embedding."
    if f"{reader}conv_in.weight" in tensors:
        names = ("conv_in", "blocks.1", "blocks.3", "blocks.5")
        config["conditioning_embedding_out_channels"] = tuple(
            tensors[f"{reader}{name}.weight"].shape[0] for name in names
        )
    if base == "sd2":
        config |= {
            "cross_attention_dim": 1024,
            "attention_head_dim": (5, 10, 20, 20),
            "use_linear_projection": True,
        }
    return config
