"""Writes the trained parts as a diffusers folder that loads without any of this project's code."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from diffusers import AutoencoderTiny, StableDiffusionPipeline, UNet2DConditionModel
from transformers import CLIPTextModel, CLIPTokenizer

from .settings import Settings
from .unet import make_schedule

ADVICE = "scumble.json"
"""Where Scumble's server reads what a model's makers advise."""

SUFFIXES = frozenset({".safetensors", ".json", ".txt", ".md"})
"""What the folder may hold: no pickles, no code."""


@dataclass(frozen=True)
class Parts:
    """The trained parts of a model."""

    autoencoder: AutoencoderTiny
    tokenizer: CLIPTokenizer
    encoder: CLIPTextModel
    denoiser: UNet2DConditionModel


def pipeline(parts: Parts) -> StableDiffusionPipeline:
    """Puts the parts together as diffusers knows them, without safety checker or image encoder."""
    return StableDiffusionPipeline(
        vae=parts.autoencoder,
        text_encoder=parts.encoder,
        tokenizer=parts.tokenizer,
        unet=parts.denoiser,
        scheduler=make_schedule(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def write(parts: Parts, settings: Settings, folder: Path) -> None:
    """Writes the parts as safetensors and JSON, the larger ones in half precision.

    The text encoder stays in single precision: transformers loads what it finds, diffusers loads
    in single precision unless told otherwise, and a pipeline with both would not run.
    """
    large = (parts.autoencoder, parts.denoiser)
    for part in large:
        part.half()
    pipeline(parts).save_pretrained(folder, safe_serialization=True)
    for part in large:
        part.float()
    _write_plain_vocabulary(folder / "tokenizer")
    _drop_derived_entry(folder / "vae" / "config.json")
    advice = {
        "title": "Starter",
        "steps": settings.sampling.steps,
        "cfg": settings.sampling.guidance,
        "sampler": settings.sampling.sampler,
        "schedule": "automatic",
        # Things come apart where there are more pixels than the denoiser was trained on.
        "max_side": settings.native_side * 3 // 2,
        "max_pixels": settings.native_side**2,
    }
    (folder / ADVICE).write_text(json.dumps(advice, indent=2) + "\n", encoding="utf-8")
    strangers = [p for p in folder.rglob("*") if p.is_file() and p.suffix not in SUFFIXES]
    if strangers:
        raise ValueError(f"a model folder must not hold {strangers[0].name}")


def read(folder: Path) -> StableDiffusionPipeline:
    """Loads a written folder as any program would, in single precision for the CPU."""
    return StableDiffusionPipeline.from_pretrained(folder, local_files_only=True)


def megabytes(folder: Path) -> float:
    """The size of all files in the folder, in millions of bytes."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def _write_plain_vocabulary(folder: Path) -> None:
    """Adds `vocab.json` and `merges.txt`, which transformers before version 5 asks for."""
    model = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))["model"]
    merges = [merge if isinstance(merge, str) else " ".join(merge) for merge in model["merges"]]
    vocabulary = json.dumps(model["vocab"], ensure_ascii=False)
    (folder / "vocab.json").write_text(vocabulary, encoding="utf-8")
    lines = "\n".join(["#version: 0.2", *merges]) + "\n"
    (folder / "merges.txt").write_text(lines, encoding="utf-8")


def _drop_derived_entry(path: Path) -> None:
    """Removes what AutoencoderTiny adds to its configuration and then warns of on loading."""
    config = json.loads(path.read_text(encoding="utf-8"))
    del config["block_out_channels"]
    path.write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
