"""Memory against speed: what each way to save the memory of a GPU costs and brings."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING, Any

import torch

from scumble_cli.benchmarks.figure import Figure, Finding, Unmeasured, in_turns, seconds
from scumble_cli.benchmarks.gpu_models import unet_pipeline
from scumble_cli.benchmarks.gpu_pair import Asked, Ours, as_served
from scumble_cli.benchmarks.gpu_scale import on_gpu
from scumble_server.models.saving import decode_in_tiles, take_turns

if TYPE_CHECKING:
    from collections.abc import Callable

    from scumble_cli.benchmarks.gpu_scale import Scale

STEPS = 20
CFG = 7.0
GIB = 2**30


@on_gpu("memory against speed on a GPU")
def memory(rounds: int, scale: Scale) -> list[Finding]:
    """SDXL at 1024² for each way to save memory: the time of a job, and the most that it took.

    Each begins with a model made anew, since some ways can't be undone.
    """
    found: list[Finding] = []
    for name, save in WAYS.items():
        found += _saved(
            f"SDXL (random weights), 1024², 20 steps with CFG, {name}", save, rounds, scale
        )
        gc.collect()
    return found


def _saved(name: str, save: Callable[[Any], str], rounds: int, scale: Scale) -> list[Finding]:
    ours = Ours(as_served(unet_pipeline("sdxl", scale), scale))
    if why := save(ours.model):
        return [Unmeasured(name, why)]
    asked = Asked(scale.side(1024), scale.steps(STEPS), CFG)
    ours.run(asked, 1_000_000)
    peak = _Peak(scale.device)
    (spent,) = in_turns(rounds, lambda number: seconds(lambda: ours.run(asked, number)))
    return [spent.figure(name, "s"), *peak.figures(name)]


class _Peak:
    """The most memory of a GPU that torch takes from now on."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        if device.type == "cuda":
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats(device)

    def figures(self, name: str) -> list[Finding]:
        """The figure, where the device counts."""
        if self._device.type != "cuda":
            return [Unmeasured(f"{name}, memory", "Only CUDA says how much was taken at most.")]
        taken = torch.cuda.max_memory_allocated(self._device) / GIB
        return [Figure(f"{name}, memory", taken, "GiB")]


def _as_it_is(_: Any) -> str:
    return ""


def _tiled(model: Any) -> str:
    return "" if decode_in_tiles(model) else "Its VAE can't work in tiles."


def _in_turns(model: Any) -> str:
    return "" if take_turns(model) else "Only a GPU's memory is saved by taking turns."


WAYS: dict[str, Callable[[Any], str]] = {
    "all on the GPU": _as_it_is,
    "VAE in tiles": _tiled,
    "parts in turns": _in_turns,
}
"""Each takes a model in memory and gives why it can't, or nothing."""
