"""What a UNet's attention makes of the text: made once a run, since the text stays the same.

In each evaluation every layer that attends to text multiplies it by two matrices, for keys and for
values, and gets the same as the step before.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MOST_BYTES = 128 * 2**20
"""What all layers of a UNet keep together: SDXL's keep 52 MB of a prompt and a negative one in
half precision. Where more is needed, some layers calculate it in each step as before."""


@contextmanager
def keeping_text(unet: torch.nn.Module) -> Iterator[None]:
    """Around the evaluations of one run, whose texts are the same tensors in each.

    Results are the same to the bit, and LoRAs, which are hooks on these layers, are added as ever.
    A UNet that torch compiles when it runs stays as it is: its code would be made anew.
    """
    if unet._compiled_call_impl is not None:  # noqa: SLF001  (there is no public name for it)
        yield
        return
    room = _Room(MOST_BYTES)
    with ExitStack() as undo:
        for layer in _reading_text(unet):
            undo.enter_context(_kept(layer, room))
        yield


class _Room:
    """How much may still be kept.

    Args:
        left: In bytes.
    """

    def __init__(self, left: int) -> None:
        self._left = left

    def take(self, wanted: int) -> bool:
        """Whether there is so much; then it is taken."""
        if wanted > self._left:
            return False
        self._left -= wanted
        return True


class _KeptForward:
    """The forward pass of a linear layer that remembers what it made of each tensor.

    Args:
        forward: The layer's own.
        room: Where there is none left, nothing more is remembered.
    """

    def __init__(self, forward: Callable[[torch.Tensor], torch.Tensor], room: _Room) -> None:
        self._forward = forward
        self._room = room
        self._kept: list[tuple[torch.Tensor, torch.Tensor]] = []

    def __call__(self, read: torch.Tensor) -> torch.Tensor:
        """The layer's (..., outputs) of (..., inputs)."""
        for known, made in self._kept:
            if known is read:
                return made
        made = self._forward(read)
        if self._room.take(made.nbytes):
            # With what was read: else another tensor could come to lie in its place.
            self._kept.append((read, made))
        return made


@contextmanager
def _kept(layer: Any, room: _Room) -> Iterator[None]:
    own = vars(layer).get("forward")
    vars(layer)["forward"] = _KeptForward(layer.forward, room)
    try:
        yield
    finally:
        if own is None:
            del vars(layer)["forward"]
        else:
            vars(layer)["forward"] = own


def _reading_text(unet: torch.nn.Module) -> Iterator[torch.nn.Module]:
    """The layers for keys and values of all attention to text."""
    for name, part in unet.named_modules():
        if name.endswith("attn2") and getattr(part, "is_cross_attention", False):
            yield from (part.get_submodule("to_k"), part.get_submodule("to_v"))
