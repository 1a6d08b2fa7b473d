"""Which way to calculate attention is the fastest on a GPU, for a transformer and for a UNet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from diffusers.models.attention_dispatch import attention_backend

from scumble_cli.benchmarks.figure import Figure, Finding, Times, Unmeasured, in_turns, seconds
from scumble_cli.benchmarks.gpu_models import flux_pipeline, unet_pipeline
from scumble_cli.benchmarks.gpu_pair import Asked, Ours, as_served
from scumble_cli.benchmarks.gpu_scale import on_gpu
from scumble_server.models.attention import TRIED, calls_of
from scumble_server.models.attention_kernels import TORCHS_OWN, seconds_by_kernel
from scumble_server.models.diffusion import DiffusionModel

if TYPE_CHECKING:
    from collections.abc import Callable

    from scumble_cli.benchmarks.gpu_scale import Scale

STEPS = 4
CFG = 3.5
UNET_CFG = 7.0

BACKENDS = ("_native_cudnn", "_native_flash", "_native_efficient", "flash", "_flash_3", "sage")
"""By diffusers' names; the first three come with torch. None of them is fetched from elsewhere."""

NATIVE = "native"
"""What torch chooses by itself."""

_REFUSALS: tuple[type[Exception], ...] = (RuntimeError, ValueError, ImportError)


@on_gpu("attention of a transformer on a GPU")
def attention(rounds: int, scale: Scale) -> list[Finding]:
    """FLUX.1 dev at 1024², 4 steps, with each way that works here over torch's own choice."""
    ours = Ours(as_served(flux_pipeline(scale), scale))
    asked = Asked(scale.side(1024), scale.steps(STEPS), CFG)
    name = "FLUX.1 dev (random weights), 1024², 4 steps"
    # What is set for one transformer diffusers takes for all; here it ends with the block.
    with attention_backend(NATIVE):
        return _compared(rounds, ours, asked, name)


@on_gpu("attention of a UNet on a GPU")
def unet_attention(rounds: int, scale: Scale) -> list[Finding]:
    """SDXL at 1024², 4 steps with CFG, with each of torch's kernels over torch's own choice."""
    ours = Ours(as_served(unet_pipeline("sdxl", scale), scale))
    model = ours.model
    assert isinstance(model, DiffusionModel)  # noqa: S101  (for the type checker)
    with torch.inference_mode():
        alone = seconds_by_kernel(calls_of(model), TRIED, model.device)
    asked = Asked(scale.side(1024), scale.steps(STEPS), UNET_CFG)
    name = "SDXL (random weights), 1024², 4 steps with CFG"

    def timed(kernel: str) -> Callable[[int], float]:
        def measure(number: int) -> float:
            model.attention = None if kernel == TORCHS_OWN else kernel
            return seconds(lambda: ours.run(asked, number))

        return measure

    for kernel in alone:
        timed(kernel)(1_000_000)
    own, *others = in_turns(rounds, *map(timed, alone))
    found: list[Finding] = [own.figure(f"{name}, torch's own attention", "s")]
    for kernel, times in zip(list(alone)[1:], others, strict=True):
        found.append(times.over(own, f"{name}, {kernel} attention over torch's own"))
    for kernel, spent in alone.items():
        found.append(Figure(f"SDXL, attention of one evaluation, {kernel}", 1000 * spent, "ms"))
    why = "It does not take what SDXL asks, or gives something else."
    return found + [Unmeasured(f"{name}, {it} attention", why) for it in TRIED if it not in alone]


def _compared(rounds: int, ours: Ours, asked: Asked, name: str) -> list[Finding]:
    _run_with(NATIVE, ours, asked)
    refused = {backend: why for backend in BACKENDS if (why := _refusal(backend, ours, asked))}
    usable = [backend for backend in (NATIVE, *BACKENDS) if backend not in refused]
    native, *others = in_turns(rounds, *(_timed(it, ours, asked) for it in usable))
    return [
        native.figure(f"{name}, {NATIVE} attention", "s"),
        *(_over(it, times, native, name) for it, times in zip(usable[1:], others, strict=True)),
        *(Unmeasured(f"{name}, {it} attention", why) for it, why in refused.items()),
    ]


def _over(backend: str, times: Times, native: Times, name: str) -> Finding:
    return times.over(native, f"{name}, {backend} attention over {NATIVE}")


def _timed(backend: str, ours: Ours, asked: Asked) -> Callable[[int], float]:
    def measure(number: int) -> float:
        ours.model.pipeline.transformer.set_attention_backend(backend)
        return seconds(lambda: ours.run(asked, number))

    return measure


def _run_with(backend: str, ours: Ours, asked: Asked) -> None:
    ours.model.pipeline.transformer.set_attention_backend(backend)
    ours.run(asked, 1_000_000)


def _refusal(backend: str, ours: Ours, asked: Asked) -> str:
    """Why a backend does not work here; empty if it does."""
    try:
        _run_with(backend, ours, asked)
    except _REFUSALS as error:
        return (str(error).splitlines() or [type(error).__name__])[0]
    return ""
