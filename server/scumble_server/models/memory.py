"""How much of a device's memory a model takes, before it is loaded."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from scumble_server.families.known import family_by_id

if TYPE_CHECKING:
    from scumble_protocol.messages import ModelInfo
    from scumble_server.spec import ModelSpec

PICTURES_AT_ONCE = 4
"""How many times its widest full-size picture a VAE's decoder holds at once. Decoding is where most
memory is taken, by every family. Measured on a CPU: 3.1 to 4.2, with the starter's decoder and with
one of the usual kind."""


def with_memory(info: ModelInfo, spec: ModelSpec, device: str) -> ModelInfo:
    """What is told of a model, with the memory that it takes on a kind of device (`cuda`, …)."""
    size = value_size(spec, device)
    return replace(
        info,
        memory=spec.weights.values * size + spec.weights.packed,
        memory_per_pixel=float(decoding(spec, device, 1)),
    )


def value_size(spec: ModelSpec, device: str) -> int:
    """Bytes of a number in the type that a model calculates in there."""
    if device == "cuda":
        return 2
    # Those that need bf16 calculate in full precision where it is missing.
    return 4 if device == "cpu" or family_by_id(spec.family) else 2


def needed(spec: ModelSpec, device: str, pixels: int) -> int:
    """Bytes that a model takes while it works on so many pixels."""
    weights = spec.weights.values * value_size(spec, device) + spec.weights.packed
    return weights + decoding(spec, device, pixels)


def decoding(spec: ModelSpec, device: str, pixels: int) -> int:
    """Bytes that decoding so many pixels takes beside the weights."""
    return pixels * PICTURES_AT_ONCE * spec.decoder_width * value_size(spec, device)
