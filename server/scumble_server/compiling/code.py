"""Machine code in memory, as the two ways of compiling give it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import torch

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_ALIGNED = 16
"""Bytes, at a multiple of which code for GPUs expects tensors to begin; torch puts them so, but for
views."""


class Code(Protocol):
    """What runs instead of a module."""

    @property
    def bytes(self) -> int:
        """The memory that it takes."""
        ...

    def __call__(self, row: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        """What the module makes of a row."""
        ...


class WholeCode:
    """Code with the weights inside, for the CPU.

    Args:
        file: As `program.py` wrote it.

    Raises:
        RuntimeError: It is damaged.
    """

    def __init__(self, file: Path) -> None:
        self.bytes: int = file.stat().st_size
        self._runner = torch._C._aoti.AOTIModelContainerRunnerCpu(str(file), 1)  # noqa: SLF001

    def __call__(self, row: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        """What the module makes of a row."""
        return self._runner.run(list(row))


class ApartCode:
    """Code that is given the weights.

    Args:
        file: As `program.py` wrote it.
        device: Where it runs.

    Raises:
        RuntimeError: It is damaged.
    """

    def __init__(self, file: Path, device: torch.device) -> None:
        self.bytes: int = file.stat().st_size
        index = -1 if device.type == "cpu" else device.index or 0
        # Without locks and events between threads, which can't be recorded: one worker runs it.
        # What torch offers in public first imports its compiler, a second's work.
        loader = torch._C._aoti.AOTIModelPackageLoader  # noqa: SLF001
        self._loader = loader(str(file), "model", True, 1, index)

    def __call__(self, row: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        """What the module makes of weights and a row behind them."""
        return self._loader.run([_aligned(tensor) for tensor in row])


class BoundCode:
    """Code that is given the weights, and always the same.

    Args:
        code: As `ApartCode`.
        weights: What it is given first.
    """

    def __init__(self, code: ApartCode, weights: Sequence[torch.Tensor]) -> None:
        self.bytes: int = code.bytes
        self._code = code
        self._weights = weights

    def __call__(self, row: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        """What the module makes of a row."""
        return self._code([*self._weights, *row])


def _aligned(tensor: torch.Tensor) -> torch.Tensor:
    return tensor if tensor.data_ptr() % _ALIGNED == 0 else tensor.clone()
