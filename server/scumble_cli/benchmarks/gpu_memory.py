"""Memory against speed: what each way to save the memory of a GPU costs and brings."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING, Any

from scumble_cli.benchmarks.device_peak import NOT_TOLD, DevicePeak, can_tell
from scumble_cli.benchmarks.figure import Figure, Finding, Unmeasured, in_turns, seconds
from scumble_cli.benchmarks.gpu_models import unet_pipeline
from scumble_cli.benchmarks.gpu_pair import Asked, Ours, as_served
from scumble_cli.benchmarks.gpu_scale import on_gpu
from scumble_server.models.fast import quicken
from scumble_server.models.saving import ACCELERATORS, decode_in_tiles, take_turns

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch

    from scumble_cli.benchmarks.gpu_scale import Scale

STEPS = 20
CFG = 7.0

_ONLY_A_GPU = "This saves the memory of a GPU."


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
    peak = DevicePeak(scale.device) if can_tell(scale.device) else None
    (spent,) = in_turns(rounds, lambda number: seconds(lambda: ours.run(asked, number)))
    if peak is None:
        return [spent.figure(name, "s"), Unmeasured(f"{name}, memory", NOT_TOLD)]
    return [spent.figure(name, "s"), Figure(f"{name}, memory", peak.most / 1024, "GiB")]


def _as_it_is(_: Any) -> str:
    return ""


def _tiled(model: Any) -> str:
    return "" if decode_in_tiles(model) else "Its VAE can't work in tiles."


def _in_turns(model: Any) -> str:
    return "" if take_turns(model) else _ONLY_A_GPU


def _in_fewer_bits(model: Any) -> str:
    if model.device.type not in ACCELERATORS:
        return _ONLY_A_GPU
    return "" if quicken(model.unet, model.device) else "This device has no quicker numbers."


def _layer_by_layer(model: Any) -> str:
    if model.device.type not in ACCELERATORS:
        return _ONLY_A_GPU
    model.pipeline.enable_sequential_cpu_offload(device=model.device)
    return ""


def _denoiser_in_groups(model: Any) -> str:
    if model.device.type not in ACCELERATORS:
        return _ONLY_A_GPU
    grouped(model.unet, model.device)
    return ""


def grouped(module: Any, device: torch.device) -> None:
    """Keep a module's layers in the machine's memory, each on the device while it works.

    On CUDA the next one is brought there meanwhile.
    """
    module.enable_group_offload(
        onload_device=device,
        offload_type="leaf_level",
        use_stream=device.type == "cuda",
    )


WAYS: dict[str, Callable[[Any], str]] = {
    "all on the GPU": _as_it_is,
    "VAE in tiles": _tiled,
    "UNet as by --fast": _in_fewer_bits,
    "parts in turns": _in_turns,
    "UNet layer by layer": _denoiser_in_groups,
    "all layer by layer": _layer_by_layer,
}
"""Each takes a model in memory and gives why it can't, or nothing."""
