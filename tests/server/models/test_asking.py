"""A network asks while it works, and ends where it is told to."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from scumble_server.models.asking import SECONDS, asking
from scumble_server.work.report import Cancelled


def network() -> torch.nn.Sequential:
    return torch.nn.Sequential(*(torch.nn.Conv2d(1, 1, 1) for _ in range(4)))


class Network(torch.nn.Module):
    """One that is not torch's own, which its compiler would pass over."""

    def __init__(self) -> None:
        super().__init__()
        self._parts = network()

    def forward(self, read: torch.Tensor) -> torch.Tensor:
        made: torch.Tensor = self._parts(read)
        return made


class Clock:
    """Each look at it takes some seconds."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._now = 0.0

    def __call__(self) -> float:
        self._now += self._seconds
        return self._now


def test_slow_work_asks_before_each_convolution() -> None:
    asked: list[int] = []
    with asking(network_ := network(), lambda: asked.append(1), Clock(SECONDS * 1.5)):
        network_(torch.zeros(1, 1, 2, 2))
    assert len(asked) == 4


def test_it_may_look_at_the_clock_before_some_convolutions_only() -> None:
    asked: list[int] = []
    clock = Clock(SECONDS * 1.5)
    with asking(network_ := network(), lambda: asked.append(1), clock, every=3):
        network_(torch.zeros(1, 1, 2, 2))
    assert len(asked) == 2


def test_a_network_that_torch_compiles_is_compiled_once() -> None:
    asked: list[int] = []
    compiled: list[int] = []

    def generate(graph: torch.fx.GraphModule, _examples: list[torch.Tensor]) -> Any:
        compiled.append(1)
        return graph.forward

    working = Network()
    working.compile(backend=generate)
    for _ in range(2):
        with asking(working, lambda: asked.append(1), Clock(SECONDS * 1.5)):
            working(torch.zeros(1, 1, 2, 2))
    torch.compiler.reset()
    assert (len(compiled), asked) == (1, [])


def test_quick_work_does_not_ask() -> None:
    asked: list[int] = []
    with asking(network_ := network(), lambda: asked.append(1), Clock(SECONDS / 10)):
        network_(torch.zeros(1, 1, 2, 2))
    assert not asked


def test_a_cancel_ends_the_work_and_leaves_the_network_as_it_was() -> None:
    working, done = network(), []
    working[3].register_forward_hook(lambda *_: done.append(1))

    def cancel() -> None:
        raise Cancelled

    with pytest.raises(Cancelled), asking(working, cancel, Clock(SECONDS * 1.5)):
        working(torch.zeros(1, 1, 2, 2))
    assert not done
    working(torch.zeros(1, 1, 2, 2))
    assert done
