"""The configs that ship with Scumble describe the real models, weight for weight."""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING

import diffusers
import pytest
import torch
import transformers

from scumble_protocol.choices import Sampler
from scumble_server.models.checkpoints import SHIPPED_CONFIGS, UNET_INPUT, read_checkpoint

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("family", "weights"),
    [("sd1", 859_520_964), ("sdxl", 2_567_463_684)],
)
def test_the_unet_has_as_many_weights_as_the_published_one(family: str, weights: int) -> None:
    config = diffusers.UNet2DConditionModel.load_config(SHIPPED_CONFIGS / family, subfolder="unet")
    with torch.device("meta"):
        unet = diffusers.UNet2DConditionModel.from_config(config)
    assert unet.num_parameters() == weights


@pytest.mark.parametrize("family", ["sd1", "sdxl"])
def test_the_vae_has_as_many_weights_as_the_published_one(family: str) -> None:
    config = diffusers.AutoencoderKL.load_config(SHIPPED_CONFIGS / family, subfolder="vae")
    with torch.device("meta"):
        vae = diffusers.AutoencoderKL.from_config(config)
    assert vae.num_parameters() == 83_653_863


@pytest.mark.parametrize(
    ("part", "kind", "weights"),
    [
        ("sd1/text_encoder", "CLIPTextModel", 123_060_480),
        ("sdxl/text_encoder", "CLIPTextModel", 123_060_480),
        ("sdxl/text_encoder_2", "CLIPTextModelWithProjection", 694_659_840),
    ],
)
def test_the_text_encoders_have_as_many_weights_as_the_published_ones(
    part: str, kind: str, weights: int
) -> None:
    config = transformers.CLIPTextConfig.from_pretrained(SHIPPED_CONFIGS / part)
    with torch.device("meta"):
        encoder = getattr(transformers, kind)(config)
    assert encoder.num_parameters() == weights


@pytest.mark.parametrize(
    ("encoder", "family", "sides"),
    [
        ("cond_stage_model.transformer.x", "sd1", (512, 64)),
        ("conditioner.embedders.1.model.x", "sdxl", (1024, 32)),
    ],
)
@pytest.mark.parametrize("channels", [4, 9])
def test_a_single_file_without_configs_of_its_own_gets_those_of_its_family(
    tmp_path: Path, encoder: str, family: str, sides: tuple[int, int], channels: int
) -> None:
    path = tmp_path / "model.safetensors"
    write_sparse(path, {UNET_INPUT: [320, channels, 3, 3], "vae.x": [1], encoder: [1]})
    checkpoint = read_checkpoint(path)
    spec = checkpoint.spec
    assert checkpoint.configs == SHIPPED_CONFIGS / family
    assert (spec.family, spec.native_side, spec.multiple) == (family, *sides)
    assert (spec.latent_scale, spec.latent_channels, spec.prediction) == (8, 4, "epsilon")
    assert (spec.unet_channels, spec.inpaint) == (channels, channels == 9)
    assert spec.sampler is Sampler.DPMPP_2M


def write_sparse(path: Path, shapes: dict[str, list[int]]) -> None:
    """A safetensors file with these shapes, its weights all zeros."""
    header, end = {}, 0
    for name, shape in shapes.items():
        size = 4 * shape[0] * (shape[1] * 9 if len(shape) > 1 else 1)
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [end, end + size]}
        end += size
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"\0" * end)
