"""A single `.safetensors` file in the layout of the original SD and SDXL as a source of a model."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from scumble_protocol.errors import ErrorCode, RequestError
from scumble_server.models.configs import RECOMMENDATIONS, read_spec, recommended
from scumble_server.models.headers import read_header, weigh

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scumble_server.models.headers import TensorHeader
    from scumble_server.spec import ModelSpec

SHIPPED_CONFIGS = Path(__file__).parent / "shipped"
"""Folders named for families, with the configs that a single file does not carry."""

UNET_INPUT = "model.diffusion_model.input_blocks.0.0.weight"
VAE_PREFIXES = ("first_stage_model.", "vae.")
TEXT_ENCODERS = {
    "cond_stage_model.transformer.": "sd1",
    "conditioner.embedders.1.model.": "sdxl",
}
"""Which text encoder, by the prefix of its keys, belongs to which family."""


@dataclass(frozen=True)
class Checkpoint:
    """What a single file holds: its spec and the folder with the configs to load it with."""

    spec: ModelSpec
    configs: Path


def is_checkpoint(header: Mapping[str, TensorHeader]) -> bool:
    """Whether a file holds a UNet in the original layout (and not, say, an upscaler or a LoRA)."""
    return UNET_INPUT in header


def read_checkpoint(path: Path) -> Checkpoint:
    """What a single file needs, from its header.

    A folder beside the file with the same name less `.safetensors` may hold configs in diffusers'
    layout (for a model that predicts v, say); they are used instead of those that ship with us.

    Raises:
        RequestError: `DAMAGED_MODEL` or, when it is whole but no SD 1.x or SDXL checkpoint,
            `UNSUPPORTED_MODEL`.
    """
    header = read_header(path)
    family = _family(path, header)
    own = path.with_suffix("")
    configs = own if (own / "model_index.json").exists() else SHIPPED_CONFIGS / family
    unet_channels = header[UNET_INPUT].shape[1]
    spec = read_spec(
        configs, weights=weigh(header, path.stat().st_size), unet_channels=unet_channels
    )
    return Checkpoint(recommended(spec, own / RECOMMENDATIONS), configs)


def _family(path: Path, header: Mapping[str, TensorHeader]) -> str:
    if not is_checkpoint(header):
        raise _unsupported(path, "is no Stable Diffusion checkpoint")
    if not any(name.startswith(VAE_PREFIXES) for name in header):
        raise _unsupported(path, "lacks its VAE")
    for prefix, family in TEXT_ENCODERS.items():
        if any(name.startswith(prefix) for name in header):
            return family
    raise _unsupported(path, "lacks the text encoder of an SD 1.x or SDXL model")


def _unsupported(path: Path, what: str) -> RequestError:
    return RequestError(
        ErrorCode.UNSUPPORTED_MODEL,
        f"The file {path} {what}.",
        "Choose a complete SD 1.x or SDXL checkpoint, or a diffusers folder.",
    )
