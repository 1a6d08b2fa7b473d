"""Several processes that train one model together, each on one core."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, distributed
from torch.multiprocessing.spawn import spawn

PATIENCE = timedelta(minutes=30)
"""How long a process waits for the others before it gives up."""


@dataclass(frozen=True)
class Company:
    """This process among those that train together; the default is to be alone.

    On CPUs two processes of one thread do more than one process of two threads: the small
    layers of the denoiser spend much of their time waiting for each other's threads. Weights are
    averaged every few steps only (local SGD: Stich, 2019), since gradients would cost more.
    """

    rank: int = 0
    size: int = 1

    def average(self, tensors: list[Tensor]) -> None:
        """Replaces every tensor by its mean over the processes."""
        if self.size == 1:
            return
        flat = torch.cat([tensor.detach().flatten() for tensor in tensors])
        distributed.all_reduce(flat)
        flat /= self.size
        sizes = [tensor.numel() for tensor in tensors]
        for tensor, part in zip(tensors, flat.split(sizes), strict=True):
            tensor.copy_(part.view(tensor.shape))

    def follow(self, value: float) -> float:
        """Returns the first process's value, so that all decide alike."""
        if self.size == 1:
            return value
        shared = torch.tensor([value], dtype=torch.float64)
        distributed.broadcast(shared, 0)
        return float(shared[0])


ALONE = Company()
"""One process by itself."""


@contextmanager
def joined(rank: int, size: int, meeting: str) -> Iterator[Company]:
    """Joins the processes that meet at the file `meeting`."""
    if size == 1:
        yield ALONE
        return
    distributed.init_process_group(
        "gloo", init_method=f"file://{meeting}", rank=rank, world_size=size, timeout=PATIENCE
    )
    try:
        yield Company(rank, size)
    finally:
        distributed.destroy_process_group()


def run(task: Callable[..., None], size: int, *arguments: Any) -> None:
    """Calls `task(rank, size, meeting, *arguments)` in `size` processes and waits for them."""
    with tempfile.TemporaryDirectory() as folder:
        meeting = str(Path(folder) / "meeting")
        if size == 1:
            task(0, 1, meeting, *arguments)
        else:
            spawn(task, (size, meeting, *arguments), nprocs=size)
