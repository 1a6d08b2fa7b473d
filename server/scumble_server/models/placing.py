"""Where a loaded pipeline's parts are kept: on their device, or in turns if they are too large."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from scumble_server.models.device import describe_device
from scumble_server.models.linear import multiply_by_onednn
from scumble_server.models.memory import needed
from scumble_server.models.saving import ACCELERATORS

if TYPE_CHECKING:
    from scumble_server.spec import ModelSpec


def put_on(pipeline: Any, spec: ModelSpec, device: torch.device, *, in_turns: bool = False) -> None:
    """Bring a pipeline to its device; one that is too large keeps its parts taking turns there.

    Args:
        pipeline: The pipeline, in the machine's memory.
        spec: What it needs.
        device: Where it shall work.
        in_turns: Whether its parts are to take turns though they should fit.
    """
    if device.type not in ACCELERATORS or (not in_turns and fits(spec, device)):
        pipeline.to(device)
    else:
        pipeline.enable_model_cpu_offload(device=device)
    # Not what lies in the machine's memory until its turn on a GPU comes.
    if device.type == "cpu":
        for part in pipeline.components.values():
            if isinstance(part, torch.nn.Module):
                multiply_by_onednn(part)


def fits(spec: ModelSpec, device: torch.device) -> bool:
    """Whether all of a model has room on its device at once, with the smallest picture."""
    if device.type not in ACCELERATORS:
        return True
    return needed(spec, device.type, spec.min_side**2) <= describe_device(device).memory
