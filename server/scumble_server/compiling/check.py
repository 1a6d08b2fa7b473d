"""Whether machine code predicts what the module that it was made of predicts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Sequence

TOLERANCES = {torch.float32: 1e-3, torch.float16: 2e-2, torch.bfloat16: 5e-2}
"""The most by which two predictions may differ, over how large they are (root mean squares both).
What is only rounded in another order differs by a hundredth of that in float32, and by a few of
their last bits in the shorter types; code that is wrong is off by about 1."""

FAST = 5e-2
"""The same where layers calculate in fewer bits than what they give."""


def difference(made: torch.Tensor, expected: torch.Tensor) -> float:
    """How far apart two predictions are, over how large the second is; infinite without sense."""
    if made.shape != expected.shape or made.dtype != expected.dtype:
        return float("inf")
    apart = (made.double() - expected.double()).norm()
    off = float(apart / expected.double().norm().clamp(min=torch.finfo(torch.float32).tiny))
    return off if off == off else float("inf")  # noqa: PLR0124  (nothing else tells NaN)


def is_like(
    made: Sequence[torch.Tensor], expected: Sequence[torch.Tensor], *, fast: bool = False
) -> bool:
    """Whether all of it is as expected, but for rounding.

    Args:
        made: What code made.
        expected: What the module made.
        fast: Whether the module's layers calculate in fewer bits.
    """
    return len(made) == len(expected) and all(
        difference(one, other) <= (FAST if fast else TOLERANCES.get(other.dtype, 0))
        for one, other in zip(made, expected, strict=True)
    )
