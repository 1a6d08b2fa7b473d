"""What `serve --fast on` gains on this device, and how much of the quality it costs."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np
import torch

from scumble_cli.benchmarks.figure import Figure, Finding, Times, Unmeasured, in_turns
from scumble_cli.benchmarks.samples import SIDE, regeneration
from scumble_cli.benchmarks.steps import CFG, FEW, WHOLE, Pair, compile_beside, one_step
from scumble_server.models.catalog import STARTER

if TYPE_CHECKING:
    from scumble_cli.benchmarks.in_process import InProcess

PICTURES = 8
"""How many pictures the quality is measured on, each with a seed of its own."""

TIMESTEPS = (999, 750, 500, 250, 1)
"""Of the predictions that are compared, from pure noise to hardly any."""

_PEAK = 255.0


def fast_steps(rounds: int) -> list[Finding]:
    """A step in fewer bits beside ours in full and diffusers', and how alike the results are."""
    quick, full = Pair(fast=True), Pair()
    numbers = quick.here.model.spec.fast
    if not numbers:
        return [Unmeasured("one step with --fast", "this device has no quicker numbers")]
    for run in (quick.ours, full.ours, full.theirs):
        run(FEW, 0)
    own, plain, reference = in_turns(
        rounds, one_step(quick.ours), one_step(full.ours), one_step(full.theirs)
    )
    alike = Times(tuple(_decibels(quick.here, full.here, seed) for seed in range(PICTURES)))
    return [
        own.figure(f"one step at 256², --fast ({numbers})", "ms", times=1000),
        own.over(reference, "one step, ours --fast over diffusers' eager", goal=0.65),
        own.over(plain, "one step, ours --fast over ours"),
        alike.figure(f"results of {WHOLE} steps with and without --fast, least PSNR", "dB"),
        _unlike(quick.here, full.here),
    ]


def compiled_fast_steps(rounds: int) -> list[Finding]:
    """A step in fewer bits and compiled as by `--compile on` too, beside diffusers' eager."""
    name = "one step with --fast and a compiled UNet"
    quick = Pair(fast=True)
    if not quick.here.model.spec.fast or quick.here.device.type != "cpu":
        return [Unmeasured(name, "this is measured on processors with bf16 alone")]
    with TemporaryDirectory() as folder:
        compile_beside(quick, Path(folder))
        compiled = quick.here.model.compiled
        if compiled is None or not compiled.bytes:
            return [Unmeasured(name, "torch can't compile here")]
        quick.theirs(FEW, 0)
        own, reference = in_turns(rounds, one_step(quick.ours), one_step(quick.theirs))
    return [
        own.figure("one step at 256², --fast and compiled", "ms", times=1000),
        own.over(reference, "one step, ours --fast and compiled over diffusers' eager"),
    ]


def _decibels(one: InProcess, other: InProcess, seed: int) -> float:
    """How alike two make the same picture, all of which is new: the PSNR."""
    request, blobs = regeneration(SIDE, seed, model=STARTER, strength=1.0, cfg=CFG)
    request = dataclasses.replace(request, steps=WHOLE)
    blobs[request.mask.blob] = b"\xff" * request.mask.length
    pixels = [here.run(request, blobs).layers[0].pixels[..., :3] for here in (one, other)]
    ours, theirs = (made.astype(np.float64) for made in pixels)
    return float(10 * np.log10(_PEAK**2 / max(float(np.mean((ours - theirs) ** 2)), 1e-9)))


def _unlike(one: InProcess, other: InProcess) -> Figure:
    """The predictions' difference as a share of their size, the median over the timesteps."""
    drawn = torch.Generator().manual_seed(0)
    unet = other.model.unet
    kept, side = next(unet.parameters()).dtype, SIDE // other.model.spec.latent_scale
    read = torch.randn(2, other.model.spec.unet_channels, side, side, generator=drawn)
    with torch.inference_mode():
        told = other.model.encode_text("a red apple", "", guided=True).hidden
        shares = []
        for timestep in TIMESTEPS:
            at = torch.tensor(timestep, device=other.device)
            conditions = {"encoder_hidden_states": told}
            made, wanted = (
                here.model.predict(read.to(here.device, kept), at, conditions).float()
                for here in (one, other)
            )
            shares.append(float((made - wanted).norm() / wanted.norm()))
    times = Times(tuple(shares))
    return Figure("predictions with --fast, unlike those without", 100 * times.median, "%")
