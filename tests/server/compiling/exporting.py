"""Stands in for compiling: what would be compiled is exported all the same, and run by torch."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import torch

from scumble_server.compiling.apart import export
from scumble_server.compiling.compiler import Compiler
from scumble_server.compiling.order import Order

REFUSING = (sys.executable, "-c", "import sys; sys.exit('there is no compiler here')")


class Exporting(Compiler):
    """Gives code, made when it is opened, for whatever is ordered.

    `code` takes the place of `ApartCode`.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, REFUSING)
        self.orders: dict[str, Order] = {}

    def find(self, order: Order) -> Path | None:
        self.orders[order.name] = order
        return Path(order.name)

    def refuse(self, order: Order, why: str) -> None:
        raise AssertionError(why)

    def code(self, file: Path, device: torch.device) -> Program:
        return Program(self.orders[file.name])


class Program:
    """An order's exported program."""

    bytes = 2**20

    def __init__(self, order: Order) -> None:
        self._run = export(order).module()

    def __call__(self, row: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        return list(self._run(*row))
