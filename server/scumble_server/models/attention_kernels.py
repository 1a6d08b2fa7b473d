"""Torch's kernels for attention: which ones work for the calls of a model, and how quick they are.

They give the same but for rounding. Which is the quickest is a matter of the card, of the size of
the heads, and of which of them torch was built with.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.functional import scaled_dot_product_attention
from torch.overrides import TorchFunctionMode

from scumble_server.models.shortage import is_out_of_memory

CUDNN, FLASH, EFFICIENT, MATH = "cudnn", "flash", "efficient", "math"

KERNELS = {
    CUDNN: SDPBackend.CUDNN_ATTENTION,
    FLASH: SDPBackend.FLASH_ATTENTION,
    EFFICIENT: SDPBackend.EFFICIENT_ATTENTION,
    MATH: SDPBackend.MATH,
}
"""By our names."""

TORCHS_OWN = "torch"
"""The name of leaving the choice to torch."""

TURNS = 5
CALLS_A_TURN = 4

UNLIKE = 1e-2
"""How unlike torch's own result another kernel's may be, as a share of its size. In half precision
they differ by some 1e-3."""


_NAMES = ("query", "key", "value", "attn_mask")
"""Of what attention is given first, where it is not named."""


@dataclass(frozen=True)
class Call:
    """What attention is asked.

    Args:
        query: (batch, heads, tokens, head's width).
        key: The same of keys and values.
        dtype: Their type.
    """

    query: tuple[int, ...]
    key: tuple[int, ...]
    dtype: torch.dtype


class CallsSeen(TorchFunctionMode):
    """While in it, notes what attention is asked, and how often; what has a mask is not counted."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: Counter[Call] = Counter()

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """What torch calls instead of each of its functions."""
        kwargs = kwargs or {}
        if func is scaled_dot_product_attention:
            said = dict(zip(_NAMES, args, strict=False)) | kwargs
            if said.get("attn_mask") is None:
                query, key = said["query"], said["key"]
                self.calls[Call(tuple(query.shape), tuple(key.shape), query.dtype)] += 1
        return func(*args, **kwargs)


def preferring(kernel: str) -> AbstractContextManager[Any]:
    """While in it, attention is calculated by a kernel wherever it can be, else by another one.

    It holds for the whole process: one thread alone may calculate attention meanwhile.
    """
    others = [KERNELS[it] for it in (FLASH, EFFICIENT, MATH) if it != kernel]
    return sdpa_kernel([KERNELS[kernel], *others], set_priority=True)


def seconds_by_kernel(
    calls: Mapping[Call, int], kernels: Iterable[str], device: torch.device
) -> dict[str, float]:
    """How long all calls take with torch's own choice and with each kernel that works for all.

    Those that refuse one of them, or give something else than torch's own, are left out.

    Raises:
        RuntimeError: Memory is short.
    """
    works = {call: _inputs(call, device) for call in calls}
    usable = [kernel for kernel in kernels if _is_right(kernel, works.values())]
    spent = dict.fromkeys((TORCHS_OWN, *usable), 0.0)
    for call, count in calls.items():
        for kernel, least in _in_turns(works[call], usable, device).items():
            spent[kernel] += count * least
    return spent


Inputs = tuple[torch.Tensor, torch.Tensor, torch.Tensor]


def _inputs(call: Call, device: torch.device) -> Inputs:
    """Queries, keys and values, always the same, that lie as a model's layers give them."""
    drawn = torch.Generator().manual_seed(0)

    def heads(shape: tuple[int, ...]) -> torch.Tensor:
        batch, count, tokens, width = shape
        made = torch.randn((batch, tokens, count, width), generator=drawn)
        return made.to(device, call.dtype).transpose(1, 2)

    return heads(call.query), heads(call.key), heads(call.key)


def _is_right(kernel: str, works: Iterable[Inputs]) -> bool:
    """Whether a kernel takes all of these, and gives what torch's own choice gives."""
    for inputs in works:
        own = scaled_dot_product_attention(*inputs).float()
        try:
            with sdpa_kernel(KERNELS[kernel]):
                other = scaled_dot_product_attention(*inputs).float()
        except RuntimeError as error:
            if is_out_of_memory(error):
                raise
            return False
        # Not the other way round: what is no number must not pass.
        if not (other - own).norm() <= UNLIKE * own.norm():
            return False
    return True


def _in_turns(inputs: Inputs, kernels: list[str], device: torch.device) -> dict[str, float]:
    """The least that some calls take with torch's own choice, and with each kernel."""
    least: dict[str, float] = {}
    for _ in range(TURNS):
        least = _least(least, TORCHS_OWN, _timed(inputs, device))
        for kernel in kernels:
            with sdpa_kernel(KERNELS[kernel]):
                least = _least(least, kernel, _timed(inputs, device))
    return least


def _least(before: dict[str, float], kernel: str, spent: float) -> dict[str, float]:
    return {**before, kernel: min(spent, before.get(kernel, spent))}


def _timed(inputs: Inputs, device: torch.device) -> float:
    _wait(device)
    began = time.perf_counter()
    for _ in range(CALLS_A_TURN):
        scaled_dot_product_attention(*inputs)
    _wait(device)
    return (time.perf_counter() - began) / CALLS_A_TURN


def _wait(device: torch.device) -> None:
    """Until the device has done what it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
