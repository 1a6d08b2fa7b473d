"""Noise without an end: pieces of a picture that overlap find the same noise where they do."""

from __future__ import annotations

from hashlib import blake2b

import torch

_BLOCK = 32
"""Side in latents of the blocks that are drawn at once."""


def cut_noise(seed: int, draw: int, left: int, top: int, shape: torch.Size) -> torch.Tensor:
    """A piece of a field of standard normal noise that a seed decides.

    Args:
        seed: Which field.
        draw: Which of its layers, counted up for each draw of a run.
        left: The piece's first column, 0 or more.
        top: Its first row, 0 or more.
        shape: (1, channels, height, width).

    Returns:
        float32, on the CPU.
    """
    channels, height, width = shape[1:]
    columns = range(left // _BLOCK, -(-(left + width) // _BLOCK))
    rows = range(top // _BLOCK, -(-(top + height) // _BLOCK))
    bands = [
        torch.cat([_block(f"{seed} {draw} {row} {column}", channels) for column in columns], dim=3)
        for row in rows
    ]
    whole = torch.cat(bands, dim=2)
    x, y = left - columns[0] * _BLOCK, top - rows[0] * _BLOCK
    return whole[:, :, y : y + height, x : x + width]


def _block(name: str, channels: int) -> torch.Tensor:
    number = int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), "big") >> 1
    generator = torch.Generator("cpu").manual_seed(number)
    return torch.randn((1, channels, _BLOCK, _BLOCK), generator=generator)
