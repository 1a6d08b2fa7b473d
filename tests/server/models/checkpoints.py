"""Tiny random Stable Diffusion checkpoints, as diffusers folders and as single files.

They have every part of the real ones, at a few channels: some 100,000 weights, native side 64 px.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import diffusers
import torch
import transformers
from safetensors.torch import save_file

from scumble_server.models.clip.tokenizer import vocabulary
from tests.server.models.original_layout import original_tensors

if TYPE_CHECKING:
    from pathlib import Path

NATIVE_SIDE = 64
SCHEDULER = {
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "clip_sample": False,
    "set_alpha_to_one": False,
    "steps_offset": 1,
}


def make_folder(
    folder: Path,
    *,
    family: str = "sd1",
    inpaint: bool = False,
    prediction: str = "epsilon",
    tiny_vae: bool = False,
    layers: int = 2,
    seed: int = 0,
) -> Path:
    """Write a diffusers folder of a family, `sd1` or `sdxl`; gives the folder back.

    Its text encoders have so many `layers`.
    """
    torch.manual_seed(seed)
    tokenizer = make_tokenizer()
    parts: dict[str, Any] = {
        "vae": diffusers.AutoencoderTiny() if tiny_vae else make_vae(),
        "unet": make_unet(family, channels=9 if inpaint else 4),
        "scheduler": diffusers.DDIMScheduler(**SCHEDULER, prediction_type=prediction),
        "text_encoder": make_text_encoder(32, tokenizer, layers),
        "tokenizer": tokenizer,
    }
    name = "StableDiffusion"
    if family == "sdxl":
        name += "XL"
        encoder = make_text_encoder(40, tokenizer, layers)
        parts |= {"text_encoder_2": encoder, "tokenizer_2": tokenizer}
    else:
        parts |= {"safety_checker": None, "feature_extractor": None}
        parts["requires_safety_checker"] = False
    task = "Inpaint" if inpaint else ""
    pipeline = getattr(diffusers, f"{name}{task}Pipeline")(**parts)
    pipeline.save_pretrained(folder)
    return folder


def make_file(folder: Path, path: Path) -> Path:
    """Write the model of a diffusers folder as one file, and its configs into a folder beside it.

    The configs are needed since those that ship with Scumble are of the real sizes.
    """
    pipeline = diffusers.DiffusionPipeline.from_pretrained(folder)
    save_file(original_tensors(pipeline), path)
    shutil.copytree(folder, path.with_suffix(""), ignore=shutil.ignore_patterns("*.safetensors"))
    return path


def make_tokenizer() -> transformers.CLIPTokenizer:
    """CLIP's tokenizer with bytes alone, 514 tokens."""
    return transformers.CLIPTokenizer(vocab=vocabulary([]), merges=[], model_max_length=77)


def make_text_encoder(
    width: int, tokenizer: transformers.CLIPTokenizer, layers: int = 2
) -> torch.nn.Module:
    """A text encoder; the wider one is SDXL's second, with a projection."""
    config = transformers.CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=width,
        intermediate_size=2 * width,
        projection_dim=width,
        num_hidden_layers=layers,
        num_attention_heads=4,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    kind = transformers.CLIPTextModelWithProjection if width == 40 else transformers.CLIPTextModel
    encoder: torch.nn.Module = kind(config).eval()
    return encoder


def make_vae() -> diffusers.AutoencoderKL:
    """A VAE of four levels, so 8 pixels a latent."""
    return diffusers.AutoencoderKL(
        block_out_channels=(8, 8, 16, 16),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        layers_per_block=1,
        latent_channels=4,
        norm_num_groups=4,
        sample_size=NATIVE_SIDE,
    ).eval()


def make_unet(family: str, *, channels: int) -> diffusers.UNet2DConditionModel:
    """A UNet with the blocks of its family."""
    common: dict[str, Any] = {
        "in_channels": channels,
        "out_channels": 4,
        "layers_per_block": 1,
        "norm_num_groups": 8,
        "sample_size": NATIVE_SIDE // 8,
    }
    if family == "sd1":
        return diffusers.UNet2DConditionModel(
            block_out_channels=(16, 32),
            down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
            up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
            cross_attention_dim=32,
            attention_head_dim=4,
            **common,
        ).eval()
    return diffusers.UNet2DConditionModel(
        block_out_channels=(16, 32, 32),
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        transformer_layers_per_block=(1, 1, 2),
        attention_head_dim=(2, 4, 4),
        use_linear_projection=True,
        cross_attention_dim=32 + 40,
        addition_embed_type="text_time",
        addition_time_embed_dim=8,
        projection_class_embeddings_input_dim=40 + 6 * 8,
        **common,
    ).eval()
