"""How large a measurement on a GPU is: as published, or so small that a processor can try it."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from scumble_cli.benchmarks.figure import Finding, Unmeasured
from scumble_server.models.device import careful_type, choose_device, prepare_device, weights_type

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    class Measurement(Protocol):
        """A measurement as `scumble bench` calls it; tests give it their scale."""

        def __call__(self, rounds: int, scale: Scale | None = None) -> list[Finding]:
            """What was found in so many rounds."""
            ...

    Measure = Callable[[int, "Scale"], list[Finding]]

SMALL_SIDE = 64
"""Of a picture at the small scale: the least that every architecture here takes."""

NO_GPU = "This needs a GPU of NVIDIA or AMD, and torch finds none here: see `scumble doctor`."


@dataclass(frozen=True)
class Scale:
    """What is measured where.

    Args:
        device: Where models are made and run.
        is_small: Whether architectures have a few channels and pictures 64²: such figures say
            nothing, but that they can be taken.
        most_steps: Steps of any job at most.
        compiler: torch's backend that compiles.
        mode: torch's mode of compiling; the default one here records CUDA graphs.
    """

    device: torch.device
    is_small: bool = False
    most_steps: int = 1000
    compiler: str = "inductor"
    mode: str | None = "reduce-overhead"

    @property
    def unet_type(self) -> torch.dtype:
        """The type of UNets, as the server chooses it."""
        return weights_type(self.device)

    @property
    def careful_type(self) -> torch.dtype:
        """The type of transformers and of what overflows in fp16, likewise."""
        return careful_type(self.device)

    def side(self, published: int) -> int:
        """The side of a square picture; twice as long as another stays twice as long."""
        return max(published * SMALL_SIDE // 1024, SMALL_SIDE) if self.is_small else published

    def steps(self, published: int) -> int:
        """The steps of a job."""
        return min(published, self.most_steps)


def full_scale() -> Scale | None:
    """Everything as published, on this machine's GPU; None where there is none."""
    device = choose_device("auto")
    if device.type != "cuda":
        return None
    prepare_device(device)
    return Scale(device)


def on_gpu(what: str) -> Callable[[Measure], Measurement]:
    """Make a measurement of one that takes a scale: at full scale where there is a GPU.

    Args:
        what: Is measured, for people.
    """

    def wrap(measure: Measure) -> Measurement:
        @functools.wraps(measure)
        def measured(rounds: int, scale: Scale | None = None) -> list[Finding]:
            chosen = scale or full_scale()
            return [Unmeasured(what, NO_GPU)] if chosen is None else measure(rounds, chosen)

        return measured

    return wrap
