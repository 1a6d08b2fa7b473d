"""Chooses the device that trains and the precision that is fast on it."""

from __future__ import annotations

import torch


def choose(name: str) -> torch.device:
    """Returns the named device; `auto` is CUDA where there is one, else the CPU."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)


def has_fast_bfloat16(device: torch.device) -> bool:
    """Whether products in bfloat16 are faster than in float32 there."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    return bool(torch.cpu.get_capabilities().get("avx512_bf16", False))


def mixed_precision(device: torch.device) -> torch.autocast:
    """Autocast to bfloat16 where it is fast, otherwise a context that does nothing."""
    return torch.autocast(device.type, torch.bfloat16, enabled=has_fast_bfloat16(device))
