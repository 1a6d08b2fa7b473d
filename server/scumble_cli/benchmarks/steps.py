"""The time of one denoising step, beside diffusers' own pipeline on the same checkpoint."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import diffusers
import numpy as np
import torch
from PIL import Image

from scumble_cli.benchmarks.figure import Finding, Unmeasured, in_turns, seconds
from scumble_cli.benchmarks.in_process import InProcess
from scumble_cli.benchmarks.samples import PROMPT, SIDE, regeneration
from scumble_server.app import STARTER_FOLDER
from scumble_server.compiling.compiler import Compiler, why_not_on
from scumble_server.compiling.unet import attach
from scumble_server.models.catalog import STARTER
from scumble_server.models.sources import FolderSource

if TYPE_CHECKING:
    from collections.abc import Callable

FEW, MANY = 1, 11
WHOLE = 15
CFG = 7.0
FRESH = 10_000
"""Where the seeds begin of pictures that shall not have been seen before."""


class Pair:
    """Ours and diffusers' inpainting pipeline, ready to run the same job at 256².

    Args:
        fast: Whether ours is as with `serve --fast on`.
    """

    def __init__(self, *, fast: bool = False) -> None:
        self.here = InProcess(fast=fast)
        self.pipeline = _pipeline(self.here.device)

    def ours(self, steps: int, seed: int, picture: int = 0) -> None:
        """A guided Euler job of so many steps, on the picture with that number."""
        request, blobs = regeneration(SIDE, picture, model=STARTER, strength=1.0, cfg=CFG)
        self.here.run(dataclasses.replace(request, steps=steps, seed=seed), blobs)

    def theirs(self, steps: int, seed: int, picture: int = 0) -> None:
        """The same with diffusers, from arrays to an array."""
        request, blobs = regeneration(SIDE, picture, model=STARTER, strength=1.0, cfg=CFG)
        pixels = np.frombuffer(blobs[request.image.blob], np.uint8).reshape(SIDE, SIDE, 4)
        mask = np.frombuffer(blobs[request.mask.blob], np.uint8).reshape(SIDE, SIDE)
        self.pipeline(
            PROMPT,
            image=Image.fromarray(pixels).convert("RGB"),
            mask_image=Image.fromarray(mask),
            height=SIDE,
            width=SIDE,
            strength=1.0,
            num_inference_steps=steps,
            guidance_scale=CFG,
            generator=torch.Generator().manual_seed(seed),
        )


def steps(rounds: int) -> list[Finding]:
    """One guided Euler step of inpainting at 256²: the difference of many steps and one."""
    pair = Pair()
    pair.ours(FEW, 0)
    pair.theirs(FEW, 0)
    own, reference = in_turns(rounds, one_step(pair.ours), one_step(pair.theirs))
    return [
        own.figure("one step at 256²", "ms", times=1000),
        reference.figure("one step at 256², diffusers' inpainting pipeline", "ms", times=1000),
        own.over(reference, "one step, ours over diffusers'", goal=0.85),
    ]


def compiled_steps(rounds: int) -> list[Finding]:
    """The same with our UNet compiled as by `--compile on`, beside ours and diffusers' eager."""
    eager, pair = Pair(), Pair()
    if why := why_not_on(pair.here.device.type):
        return [Unmeasured("one step with a compiled UNet", f"nothing is compiled here: {why}")]
    with TemporaryDirectory() as folder:
        compiling = seconds(lambda: compile_beside(pair, Path(folder)))
        compiled = pair.here.model.compiled
        if compiled is None or not compiled.bytes:
            return [Unmeasured("one step with a compiled UNet", "torch can't compile here")]
        pair.theirs(FEW, 0)
        eager.ours(FEW, 0)
        own, plain, reference = in_turns(
            rounds, one_step(pair.ours), one_step(eager.ours), one_step(pair.theirs)
        )
    return [
        own.figure("one step at 256², compiled", "ms", times=1000),
        own.over(reference, "one step, ours compiled over diffusers' eager", goal=0.6),
        own.over(plain, "one step, ours compiled over ours eager"),
        in_turns(1, lambda _: compiling)[0].figure("compiling our UNet, beside jobs", "s"),
    ]


def whole_pipeline(rounds: int) -> list[Finding]:
    """A whole job of 15 steps on pictures never seen, from arrays to arrays, in this process."""
    pair = Pair()
    pair.ours(FEW, 0)
    pair.theirs(FEW, 0)

    def timed(run: Callable[[int, int, int], None]) -> Callable[[int], float]:
        return lambda number: seconds(lambda: run(WHOLE, number, FRESH + number))

    own, reference = in_turns(rounds, timed(pair.ours), timed(pair.theirs))
    return [
        own.figure("job of 15 steps at 256², in process", "ms", times=1000),
        reference.figure("job of 15 steps at 256², diffusers' pipeline", "ms", times=1000),
        own.over(reference, "job of 15 steps, ours over diffusers'"),
    ]


def one_step(run: Callable[[int, int], None]) -> Callable[[int], float]:
    """Of a round's number, how long a step takes when `run` is given steps and a seed."""

    def measure(number: int) -> float:
        few, many = seconds(lambda: run(FEW, number)), seconds(lambda: run(MANY, number))
        return (many - few) / (MANY - FEW)

    return measure


def compile_beside(pair: Pair, folder: Path) -> None:
    """Have our UNet compiled for the job's shape as beside jobs, and used from now on."""
    model, compiler = pair.here.model, Compiler(folder)
    attach(model, FolderSource(STARTER, STARTER_FOLDER, model.spec), compiler)
    pair.ours(FEW, 0)
    compiler.wait()
    for _ in range(2):  # once compared with the UNet, then recorded on a GPU
        pair.ours(FEW, 0)


def _pipeline(device: torch.device) -> Any:
    loaded = diffusers.StableDiffusionPipeline.from_pretrained(STARTER_FOLDER)
    pipeline = diffusers.StableDiffusionInpaintPipeline(
        **loaded.components, requires_safety_checker=False
    )
    pipeline.scheduler = diffusers.EulerDiscreteScheduler.from_config(loaded.scheduler.config)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline.to(device)
