"""Asking in the midst of a network's work whether it is still wanted."""

from __future__ import annotations

import time
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SECONDS = 0.02
"""How long at least from one question to the next. Nobody notices that a cancel took so long."""


@contextmanager
def asking(
    module: torch.nn.Module,
    ask: Callable[[], None],
    clock: Callable[[], float] = time.perf_counter,
    *,
    every: int = 1,
) -> Iterator[None]:
    """While in it, a network asks between its convolutions.

    On a GPU, which lags behind, that costs nothing either, since nobody waits for it. One that
    torch's own compiler was let at does not ask.

    Args:
        module: The network.
        ask: Called at most every 0.02 s; what it raises ends the network's work.
        clock: Gives seconds from any start.
        every: Before each how many-th convolution it looks at the clock.
    """
    asked = clock()

    def ask_when_due(*_: object) -> None:
        nonlocal asked
        if clock() - asked >= SECONDS:
            ask()
            asked = clock()

    if module._compiled_call_impl is not None:  # noqa: SLF001 (nothing else tells)
        yield  # each hook would have torch compile it anew
        return
    convolutions = [part for part in module.modules() if isinstance(part, torch.nn.Conv2d)]
    with ExitStack() as hooks:
        for part in convolutions[::every]:
            hooks.callback(part.register_forward_pre_hook(ask_when_due).remove)
        yield
