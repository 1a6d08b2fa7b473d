"""Machine code that is given the weights each time: for whatever checkpoint has this shape.

Only the compiling process imports this. It needs no weights: tensors here have sides and types but
no values, so that none can become part of the code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from scumble_server.compiling.architecture import Architecture, built
from scumble_server.compiling.calls import put_together
from scumble_server.compiling.rows import as_told, example

if TYPE_CHECKING:
    from pathlib import Path

    from scumble_server.compiling.order import Order


class Borrowing(torch.nn.Module):
    """A module that reads its weights, then a row of tensors.

    Args:
        module: The module; what weights it has itself is never read.
        weights: Their names.
        names: Of the tensors in the row.
        call: How a block is called; empty for a UNet.
    """

    def __init__(
        self, module: torch.nn.Module, weights: tuple[str, ...], names: tuple[str, ...], call: str
    ) -> None:
        super().__init__()
        self._modules_kept = (module,)  # in a tuple, or its weights would be this one's
        self._weights = weights
        self._names = names
        self._call = call

    def forward(self, *tensors: torch.Tensor) -> Any:
        """What the module makes of the row: only the tensors of it, in order."""
        count = len(self._weights)
        weights = dict(zip(self._weights, tensors[:count], strict=True))
        row = dict(zip(self._names, tensors[count:], strict=True))
        if self._call:
            given, named = put_together(self._call, row)
        else:
            given = (row["read"], row["timestep"])
            named = {"return_dict": False, **as_told(row)}
        made = torch.func.functional_call(self._modules_kept[0], weights, given, named)
        made = made if isinstance(made, tuple) else (made,)
        return tuple(each for each in made if each is not None)


def compile_apart(order: Order, target: Path) -> None:
    """Write the machine code; the file is there when it is whole.

    Raises:
        UnlikeError: See `built`.
    """
    from torch._inductor import aoti_compile_and_package

    exported = export(order)
    unfinished = target.with_suffix(".part.pt2")
    with torch.no_grad():
        aoti_compile_and_package(exported, package_path=str(unfinished))
    unfinished.replace(target)


def export(order: Order) -> torch.export.ExportedProgram:
    """What is to be compiled, as a program that reads weights and a row.

    Raises:
        UnlikeError: See `built`.
    """
    from torch._subclasses.fake_tensor import FakeTensorMode
    from torch.fx.experimental.symbolic_shapes import ShapeEnv

    architecture = order.module
    assert isinstance(architecture, Architecture)  # noqa: S101  (for the type checker)
    names = tuple(name for name, *_ in architecture.weights)
    # As torch.export makes one; it takes this one over with the tensors.
    mode = FakeTensorMode(
        shape_env=ShapeEnv(tracked_fakes=[]), allow_non_fake_inputs=True, export=True
    )
    with mode:
        weights = [
            torch.empty_strided(sides, strides, dtype=getattr(torch, kind), device=order.device)
            for _, sides, strides, kind in architecture.weights
        ]
        row = example(order.tensors, order.device)
    borrowing = Borrowing(built(architecture), names, tuple(row), order.call).eval()
    with torch.no_grad():
        return torch.export.export(borrowing, (*weights, *row.values()), strict=False)
