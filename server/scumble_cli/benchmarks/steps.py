"""The time of one denoising step, beside diffusers' own pipeline on the same checkpoint."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import diffusers
import numpy as np
import torch
from PIL import Image

from scumble_cli.benchmarks.figure import Figure, least, seconds
from scumble_cli.benchmarks.in_process import InProcess
from scumble_cli.benchmarks.samples import PROMPT, regeneration
from scumble_server.app import STARTER_FOLDER
from scumble_server.models.catalog import STARTER

if TYPE_CHECKING:
    from scumble_protocol.requests import Regenerate

SIDE = 256
"""The starter's native side. A larger context would be shrunk for it, but not by diffusers."""

FEW, MANY = 1, 11
CFG = 7.0


def steps(rounds: int) -> list[Figure]:
    """One guided Euler step of inpainting at 256²: the difference of many steps and one."""
    here = InProcess()
    request, blobs = regeneration(SIDE, 0, model=STARTER, strength=1.0, cfg=CFG)
    pipeline = _pipeline(here.device)
    picture = np.frombuffer(blobs[request.image.blob], np.uint8).reshape(SIDE, SIDE, 4)
    mask = np.frombuffer(blobs[request.mask.blob], np.uint8).reshape(SIDE, SIDE)

    def ours(number: int) -> float:
        return _of_one_step(lambda n: here.run(_with(request, n, number), blobs))

    def theirs(number: int) -> float:
        def run(n: int) -> object:
            return pipeline(
                PROMPT,
                image=Image.fromarray(picture).convert("RGB"),
                mask_image=Image.fromarray(mask),
                height=SIDE,
                width=SIDE,
                strength=1.0,
                num_inference_steps=n,
                guidance_scale=CFG,
                generator=torch.Generator().manual_seed(number),
            )

        return _of_one_step(run)

    ours(0), theirs(0)
    own, reference = least(rounds, ours, theirs)
    return [
        Figure("one step at 256²", 1000 * own, "ms"),
        Figure("one step at 256², diffusers' inpainting pipeline", 1000 * reference, "ms"),
        Figure("one step, ours over diffusers'", own / reference, "x", goal=0.95),
    ]


def _of_one_step(run: Any) -> float:
    few, many = seconds(lambda: run(FEW)), seconds(lambda: run(MANY))
    return (many - few) / (MANY - FEW)


def _with(request: Regenerate, count: int, seed: int) -> Regenerate:
    return dataclasses.replace(request, steps=count, seed=seed)


def _pipeline(device: torch.device) -> Any:
    loaded = diffusers.StableDiffusionPipeline.from_pretrained(STARTER_FOLDER)
    pipeline = diffusers.StableDiffusionInpaintPipeline(
        **loaded.components, requires_safety_checker=False
    )
    pipeline.scheduler = diffusers.EulerDiscreteScheduler.from_config(loaded.scheduler.config)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline.to(device)
