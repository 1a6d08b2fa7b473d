"""What each rung of the ladder for short memory costs and brings (`work/ladder.py`)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import torch

from scumble_cli.benchmarks.device_peak import NOT_TOLD, can_tell, more_for
from scumble_cli.benchmarks.figure import Figure, Finding, Times, Unmeasured, in_turns, seconds
from scumble_cli.benchmarks.gpu_models import unet_model, unet_pipeline
from scumble_cli.benchmarks.gpu_scale import Scale
from scumble_cli.benchmarks.in_process import InProcess
from scumble_cli.benchmarks.peak import MIB
from scumble_server.models.device import choose_device, prepare_device
from scumble_server.models.memory import decoding
from scumble_server.models.saving import decode_in_tiles

if TYPE_CHECKING:
    from collections.abc import Callable

    from scumble_server.models.diffusion import DiffusionModel

SIDES = (512, 768, 1024, 2048)
SIDE = 512
AT_ONCE = (1, 2, 4)
STEPS = 20
TOKENS = 77

GROWTH = 2.2
"""The power of the side by which decoding takes longer: the pixels', and attention among them."""

MOST_SECONDS = 30.0
"""A decoding that is expected to take longer is left out."""


@dataclass(frozen=True)
class Cost:
    """What one way to do something takes.

    Args:
        times: Seconds.
        memory: MiB beyond the weights, at most.
    """

    times: Times
    memory: float


def ladder(rounds: int, scale: Scale | None = None) -> list[Finding]:
    """Decoding whole and in tiles, one and more at once, half the pixels: time and memory.

    The starter, and SD 1.5's architecture with random weights, on this machine's device. On a CPU
    the latter takes minutes, so that it has one round.
    """
    if scale is None:
        device = choose_device("auto")
        prepare_device(device)
        scale = Scale(device)
    if not can_tell(scale.device):
        return [Unmeasured("memory against speed", NOT_TOLD)]
    fewer = 1 if scale.device.type == "cpu" else rounds
    with torch.inference_mode():
        return [
            *_both("starter", InProcess().model, rounds, scale),
            *_both(
                "SD 1.5 (random weights)",
                unet_model(unet_pipeline("sd1", scale), scale),
                fewer,
                scale,
            ),
        ]


def _both(title: str, model: DiffusionModel, rounds: int, scale: Scale) -> list[Finding]:
    return [*_decodings(title, model, rounds, scale), *_evaluations(title, model, rounds, scale)]


def _decodings(title: str, model: DiffusionModel, rounds: int, scale: Scale) -> list[Finding]:
    """The rung that decodes in tiles, by the side of the picture."""
    found: list[Finding] = []
    spent, before = 0.0, SIDES[0]
    for side in SIDES:
        name = f"{title}, decoding {side}²"
        if spent * (side / before) ** GROWTH > MOST_SECONDS:
            found.append(Unmeasured(name, "It would take minutes here."))
            continue
        latents = _random(model, scale.side(side), 1)
        whole, tiled = _measured(
            rounds,
            scale,
            partial(model.decode, latents),
            partial(_decoded_in_tiles, model, latents),
        )
        spent, before = whole.times.least, side
        predicted = decoding(model.spec, scale.device.type, scale.side(side) ** 2) / MIB
        found += [
            *_figures(name, whole),
            *_figures(f"{name} in tiles", tiled),
            *_rung(f"{name}: tiles", tiled, whole),
            Figure(f"{name}, memory over what is predicted", whole.memory / predicted, "x", 1.0),
        ]
    return found


def _evaluations(title: str, model: DiffusionModel, rounds: int, scale: Scale) -> list[Finding]:
    """The rungs that sample less at once, for so many steps of four pictures with CFG."""
    most = AT_ONCE[-1]
    side = scale.side(SIDE)
    works = [partial(_evaluated, model, _random(model, side, 2 * count)) for count in AT_ONCE]
    halved = _random(model, side, 2 * most)[..., : side // model.spec.latent_scale // 2]
    works.append(partial(_evaluated, model, halved))
    for work in works:  # weights that are laid out once for all steps are no part of one
        work()
    *each, half = _measured(rounds, scale, *works)
    steps = scale.steps(STEPS)
    jobs = [_times(cost, steps * most // count) for cost, count in zip(each, AT_ONCE, strict=True)]
    name = f"{title}, {SIDE}², {STEPS} steps of {most} pictures"
    found: list[Finding] = []
    for count, cost in zip(AT_ONCE, jobs, strict=True):
        found += _figures(f"{name}, {count} at once", cost)
    for fewer, (less, more) in zip(AT_ONCE, pairwise(jobs), strict=False):
        found += _rung(f"{name}: {fewer} at once instead of {2 * fewer}", less, more)
    return [*found, *_rung(f"{name}: half the pixels", _times(half, steps), jobs[-1])]


def _measured(rounds: int, scale: Scale, *works: Callable[[], object]) -> list[Cost]:
    """What each takes, in turns, after it was done once to see how much memory it takes."""
    memory = [more_for(scale.device, work) for work in works]

    def timed(work: Callable[[], object]) -> Callable[[int], float]:
        return lambda _: seconds(partial(_done, work, scale.device))

    times = in_turns(rounds, *map(timed, works))
    return [Cost(spent, most) for spent, most in zip(times, memory, strict=True)]


def _done(work: Callable[[], object], device: torch.device) -> None:
    work()
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def _rung(name: str, taken: Cost, before: Cost) -> list[Finding]:
    """What a rung brings and costs: less is better, and below nothing it is quicker besides."""
    saved, lost = before.memory - taken.memory, taken.times.least - before.times.least
    found: list[Finding] = [
        Figure(f"{name}, saved", saved, "MiB"),
        Figure(f"{name}, lost", lost, "s"),
    ]
    if saved > 0:
        found.append(Figure(f"{name}, lost for each GiB saved", 1024 * lost / saved, "s"))
    return found


def _figures(name: str, cost: Cost) -> list[Finding]:
    return [cost.times.figure(name, "s"), Figure(f"{name}, memory", cost.memory, "MiB")]


def _times(cost: Cost, count: int) -> Cost:
    """The cost of doing it again and again."""
    return Cost(Times(tuple(count * value for value in cost.times.values)), cost.memory)


def _random(model: DiffusionModel, side: int, count: int) -> torch.Tensor:
    size = side // model.spec.latent_scale
    shape = (count, model.spec.latent_channels, size, size)
    return torch.randn(shape, generator=torch.Generator().manual_seed(0)).to(model.device)


def _decoded_in_tiles(model: Any, latents: torch.Tensor) -> None:
    undo = decode_in_tiles(model)
    try:
        model.decode(latents)
    finally:
        if undo is not None:
            undo()


def _evaluated(model: DiffusionModel, latents: torch.Tensor) -> None:
    """One evaluation, without what is kept of the text."""
    kind = model.unet.dtype
    width = model.unet.config.cross_attention_dim
    text = torch.zeros(len(latents), TOKENS, width, dtype=kind, device=model.device)
    read = latents.to(kind).contiguous(memory_format=torch.channels_last)
    timestep = torch.tensor(500, device=model.device)
    model.predict(read, timestep, {"encoder_hidden_states": text})
