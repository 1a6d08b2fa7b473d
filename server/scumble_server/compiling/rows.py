"""What one evaluation reads, as tensors in a row: machine code knows them by their order alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

Row = dict[str, torch.Tensor]
"""What one evaluation of a UNet reads, by name: the samples, the timestep, and each condition."""

Shapes = tuple[tuple[str, tuple[int, ...], str], ...]
"""Name, sides and type of each tensor of a row, in order."""

_INSIDE = "."
"""Between the name of a condition that has several tensors and the name of one of them."""


def as_row(read: torch.Tensor, timestep: torch.Tensor, told: Mapping[str, Any]) -> Row | None:
    """What one evaluation reads, laid out alike each time; None if not all of it are tensors."""
    row: Row = {"read": read, "timestep": timestep}
    for name, condition in told.items():
        if isinstance(condition, torch.Tensor):
            row[name] = condition
        elif isinstance(condition, Mapping):
            row |= {f"{name}{_INSIDE}{key}": value for key, value in condition.items()}
        else:
            return None
    if not all(isinstance(tensor, torch.Tensor) for tensor in row.values()):
        return None
    return {name: laid(tensor.to(read.device)) for name, tensor in row.items()}


def as_told(row: Row) -> dict[str, Any]:
    """The conditions in a row, as a UNet gets them by name."""
    told: dict[str, Any] = {}
    for name, tensor in row.items():
        outer, _, inner = name.partition(_INSIDE)
        if inner:
            told.setdefault(outer, {})[inner] = tensor
        elif name not in {"read", "timestep"}:
            told[name] = tensor
    return told


def laid(tensor: torch.Tensor) -> torch.Tensor:
    """A tensor as compiled code, which does not look, expects it to lie in memory."""
    if tensor.ndim == 4:
        return tensor.contiguous(memory_format=torch.channels_last)
    return tensor.contiguous()


def shapes_of(row: Row) -> Shapes:
    """What of a row machine code is made for."""
    return tuple(
        (name, tuple(tensor.shape), str(tensor.dtype).removeprefix("torch."))
        for name, tensor in row.items()
    )


def example(shapes: Shapes, device: torch.device) -> Row:
    """Tensors of these shapes and types."""
    return {
        name: laid(torch.zeros(sides, dtype=getattr(torch, kind), device=device))
        for name, sides, kind in shapes
    }
