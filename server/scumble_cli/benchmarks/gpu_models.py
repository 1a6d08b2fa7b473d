"""Published architectures with random weights, made on the device: they cost what real ones cost.

SD 1.5 and SDXL have the configs that ship with the server; FLUX.1 dev's are written down here, from
its published sizes. At the small scale every width is a few channels.
"""

from __future__ import annotations

import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import diffusers
import transformers

from scumble_cli.benchmarks.gpu_scale import SMALL_SIDE
from scumble_server.families.adapter import FamilyModel
from scumble_server.families.known import family_by_id
from scumble_server.models.checkpoints import SHIPPED_CONFIGS
from scumble_server.models.clip.tokenizer import clip_tokenizer, read_merges, vocabulary
from scumble_server.models.configs import read_spec
from scumble_server.models.json_files import read_json
from scumble_server.models.loading import place
from scumble_server.spec import ModelSpec, Weights

if TYPE_CHECKING:
    import torch

    from scumble_cli.benchmarks.gpu_scale import Scale
    from scumble_server.models.diffusion import DiffusionModel

WIDTH = 64
"""Of everything at the small scale: norms have 32 groups, and each needs two values."""

TEXT = {"hidden_size": WIDTH, "intermediate_size": WIDTH, "num_hidden_layers": 2}
SMALL_TEXT = TEXT | {"num_attention_heads": 2, "projection_dim": WIDTH}

FLUX_TRANSFORMER = {"guidance_embeds": True}
"""FLUX.1 dev: 19 double and 38 single blocks of 24 heads of 128, which are diffusers' own defaults
but for the guidance scale that it reads."""

SMALL_FLUX = {
    "num_layers": 1,
    "num_single_layers": 2,
    "attention_head_dim": 16,
    "num_attention_heads": 2,
    "joint_attention_dim": WIDTH,
    "pooled_projection_dim": WIDTH,
    "axes_dims_rope": (4, 4, 8),
}

FLUX_VAE = {
    "down_block_types": ("DownEncoderBlock2D",) * 4,
    "up_block_types": ("UpDecoderBlock2D",) * 4,
    "block_out_channels": (128, 256, 512, 512),
    "layers_per_block": 2,
    "latent_channels": 16,
    "scaling_factor": 0.3611,
    "shift_factor": 0.1159,
    "use_quant_conv": False,
    "use_post_quant_conv": False,
}

FLUX_SHIFTS = {"use_dynamic_shifting": True, "shift": 3.0}

T5_XXL = {"d_model": 4096, "d_kv": 64, "d_ff": 10240, "num_layers": 24, "num_heads": 64}
SMALL_T5 = {"d_model": WIDTH, "d_kv": 8, "d_ff": WIDTH, "num_layers": 2, "num_heads": 4}

FLUX_TOKENS = 512


def unet_pipeline(family: str, scale: Scale, *, channels: int = 4) -> Any:
    """A pipeline of the family `sd1` or `sdxl`, its UNet in the type that the server would choose.

    Args:
        family: Whose configs.
        scale: How large, and where.
        channels: What the UNet reads; 9 where it was trained for inpainting.
    """
    configs = SHIPPED_CONFIGS / family
    index = read_json(configs / "model_index.json")
    parts: dict[str, Any] = {
        "unet": _unet(configs, scale, channels),
        "vae": _vae(read_json(configs / "vae" / "config.json"), scale, scale.unet_type),
        "scheduler": diffusers.EulerDiscreteScheduler.from_config(
            read_json(configs / "scheduler" / "scheduler_config.json")
        ),
    }
    for number, pad in (("", "<|endoftext|>"), ("_2", "!")):
        if f"text_encoder{number}" in index:
            config = read_json(configs / f"text_encoder{number}" / "config.json")
            kind = index[f"text_encoder{number}"][1]
            parts[f"text_encoder{number}"] = _clip(kind, config, scale, scale.unet_type)
            parts[f"tokenizer{number}"] = clip_tokenizer(pad=pad)
    kind = str(index["_class_name"])
    unused = {"safety_checker": None, "feature_extractor": None}
    asked = {**unused, "requires_safety_checker": False} if family == "sd1" else {}
    return getattr(diffusers, kind)(**parts, **asked)


def unet_model(pipeline: Any, scale: Scale) -> DiffusionModel:
    """The pipeline as the server has it in memory."""
    family = "sdxl" if hasattr(pipeline, "text_encoder_2") else "sd1"
    channels = int(pipeline.unet.config.in_channels)
    spec = read_spec(SHIPPED_CONFIGS / family, weights=Weights(), unet_channels=channels)
    return place(pipeline, _for_scale(spec, scale), scale.device)


def flux_pipeline(scale: Scale) -> Any:
    """FLUX.1 dev. T5 gets CLIP's tokenizer, and as many words as that knows."""
    small = scale.is_small
    with scale.device:
        transformer = diffusers.FluxTransformer2DModel(
            **FLUX_TRANSFORMER | (SMALL_FLUX if small else {})
        ).to(scale.careful_type)
        words = len(vocabulary(read_merges()))
        sizes = SMALL_T5 if small else T5_XXL
        t5 = transformers.T5EncoderModel(
            transformers.T5Config(vocab_size=words, feed_forward_proj="gated-gelu", **sizes)
        ).to(scale.careful_type)
    text = read_json(SHIPPED_CONFIGS / "sd1" / "text_encoder" / "config.json")
    pipeline = diffusers.FluxPipeline(
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler(**FLUX_SHIFTS),
        vae=_vae(FLUX_VAE, scale, scale.careful_type),
        text_encoder=_clip("CLIPTextModel", text, scale, scale.careful_type),
        tokenizer=clip_tokenizer(),
        text_encoder_2=t5,
        tokenizer_2=clip_tokenizer(),
        transformer=transformer,
    )
    pipeline.set_progress_bar_config(disable=True)
    for part in (pipeline.vae, pipeline.text_encoder, t5, transformer):
        part.eval().requires_grad_(requires_grad=False)
    return pipeline


def flux_model(pipeline: Any, scale: Scale) -> FamilyModel:
    """The pipeline as the server has it in memory."""
    family = family_by_id("flux1")
    assert family is not None  # noqa: S101  (for the type checker)
    with tempfile.TemporaryDirectory() as folder:
        _write_configs(Path(folder), pipeline)
        spec = read_spec(Path(folder), weights=Weights())
    return FamilyModel(_for_scale(spec, scale), family, pipeline, scale.device)


def sizes(scale: Scale) -> dict[str, Any]:
    """What of a spec, or of a model's `scumble.json`, is otherwise at the small scale."""
    if not scale.is_small:
        return {}
    pixels = {"native_side": SMALL_SIDE, "min_side": SMALL_SIDE, "max_side": 2 * SMALL_SIDE}
    return {**pixels, "max_pixels": 4 * SMALL_SIDE**2}


def _unet(configs: Path, scale: Scale, channels: int) -> Any:
    config = {**read_json(configs / "unet" / "config.json"), "in_channels": channels}
    if scale.is_small:
        levels = len(config["block_out_channels"])
        config |= {
            "block_out_channels": (WIDTH,) * levels,
            "cross_attention_dim": WIDTH,
            "attention_head_dim": 2,
        }
        if "transformer_layers_per_block" in config:
            # Of two text encoders, and of the second one's summary with six numbers.
            config |= {
                "cross_attention_dim": 2 * WIDTH,
                "transformer_layers_per_block": 1,
                "addition_time_embed_dim": 8,
                "projection_class_embeddings_input_dim": 6 * 8 + WIDTH,
            }
    with scale.device:
        return diffusers.UNet2DConditionModel.from_config(config).to(scale.unet_type)


def _vae(config: dict[str, Any], scale: Scale, dtype: torch.dtype) -> Any:
    if scale.is_small:
        levels = len(config["block_out_channels"])
        config = {**config, "block_out_channels": (WIDTH,) * levels, "layers_per_block": 1}
    with scale.device:
        return diffusers.AutoencoderKL.from_config(config).to(dtype)


def _clip(kind: str, config: dict[str, Any], scale: Scale, dtype: torch.dtype) -> Any:
    config = {**config, **(SMALL_TEXT if scale.is_small else {})}
    config.pop("architectures")
    with scale.device:
        return getattr(transformers, kind)(transformers.CLIPTextConfig(**config)).to(dtype)


def _for_scale(spec: ModelSpec, scale: Scale) -> ModelSpec:
    return replace(spec, **sizes(scale))


def _write_configs(folder: Path, pipeline: Any) -> None:
    """What `read_spec` reads."""
    named = {
        "transformer/config.json": dict(pipeline.transformer.config),
        "vae/config.json": dict(pipeline.vae.config),
        "model_index.json": {"_class_name": type(pipeline).__name__},
    }
    for name, config in named.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(config), "utf-8")
