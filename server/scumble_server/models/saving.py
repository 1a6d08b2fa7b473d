"""Ways for a loaded model to do with less memory of its device."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

ACCELERATORS = ("cuda", "xpu", "mps")
"""Devices with a memory of their own, or a share of it: what is put away leaves room there."""


def decode_in_tiles(model: Any) -> Callable[[], None] | None:
    """Let the VAE work tile by tile and picture by picture.

    Returns:
        What undoes it, since seams may show; None where it can't, or does so already.
    """
    vae: Any = getattr(model, "vae", None) or getattr(model.pipeline, "vae", None)
    if not hasattr(vae, "enable_tiling") or vae.use_tiling:
        return None
    vae.enable_tiling()
    vae.enable_slicing()

    def undo() -> None:
        vae.disable_tiling()
        vae.disable_slicing()

    return undo


def take_turns(model: Any) -> bool:
    """Keep the model's parts in the machine's memory, each on the device while it works.

    It stays so: whoever needed it once needs it again.

    Returns:
        Whether it helps: not without an accelerator, nor a second time.
    """
    if model.device.type not in ACCELERATORS or is_taking_turns(model.pipeline):
        return False
    model.pipeline.enable_model_cpu_offload(device=model.device)
    return True


def is_taking_turns(pipeline: Any) -> bool:
    """Whether the parts of a pipeline take turns on the device."""
    return any(hasattr(part, "_hf_hook") for part in pipeline.components.values())
