"""Checkpoints that survive being interrupted, and the clock that a stage of training runs by."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch


def save(path: Path, state: dict[str, Any]) -> None:
    """Writes the state so that the file at `path` is always whole: the old one or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    torch.save(state, partial)
    partial.replace(path)


def load(path: Path) -> dict[str, Any] | None:
    """Reads a checkpoint onto the CPU, or returns None if there is none yet."""
    if not path.is_file():
        return None
    state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    return state


@dataclass
class Pace:
    """How far a stage has come: in steps, or in seconds of training where no steps are set.

    Time spent in earlier runs counts, so that a resumed stage goes on where it stood.
    """

    seconds: float
    steps: int | None = None
    done: int = 0
    spent: float = 0.0
    _since: float = 0.0

    def start(self) -> None:
        """Starts the clock of this run."""
        self._since = time.monotonic()

    def tick(self) -> None:
        """Counts one step and the time it took."""
        now = time.monotonic()
        self.spent += now - self._since
        self._since = now
        self.done += 1

    @property
    def fraction(self) -> float:
        """How much of the stage is over, from 0 to 1."""
        if self.steps is not None:
            return min(1.0, self.done / self.steps) if self.steps else 1.0
        return min(1.0, self.spent / self.seconds) if self.seconds else 1.0

    def state(self) -> dict[str, float]:
        """What a checkpoint keeps of the pace."""
        return {"done": self.done, "spent": self.spent}

    def restore(self, state: dict[str, float]) -> None:
        """Goes on from what a checkpoint kept."""
        self.done, self.spent = int(state["done"]), float(state["spent"])


@dataclass(frozen=True)
class Place:
    """Where a stage keeps its checkpoint and whom it tells how it goes."""

    path: Path
    report: Callable[[str], None]


def learning_rate(
    peak: float, step: int, fraction: float, *, warm_steps: int, flat: float
) -> float:
    """A linear rise, the peak until `flat` of the stage, then half a cosine down to 0."""
    rise = min(1.0, (step + 1) / warm_steps)
    fall = max(0.0, fraction - flat) / max(1e-9, 1 - flat)
    return peak * rise * (0.5 + 0.5 * math.cos(math.pi * min(1.0, fall)))


def set_learning_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """Gives every group of the optimizer the same rate, never quite zero."""
    for group in optimizer.param_groups:
        group["lr"] = max(rate, 1e-6)
