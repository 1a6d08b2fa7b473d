"""The machine code of one model that is in memory, and whether it may be trusted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scumble_server.compiling.check import is_like
from scumble_server.models.shortage import is_out_of_memory

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence
    from pathlib import Path

    import torch

    from scumble_server.compiling.code import Code
    from scumble_server.compiling.compiler import Compiler
    from scumble_server.compiling.order import Order

    Tensors = Sequence[torch.Tensor]
    Open = Callable[[Path], Code]

CODE_KEPT = 4
"""Shapes of one model whose code is in memory; on a CPU each has its own copy of the weights."""


class Codes:
    """Code by what it is for, the least recently used first.

    Within a run each shape is either compiled throughout or not at all, so that a run whose code is
    finished meanwhile does not change in its midst.

    Args:
        compiler: Makes the code.
        open_code: Brings a file into memory.
        fast: Whether the model's layers calculate in fewer bits.
    """

    def __init__(self, compiler: Compiler, open_code: Open, *, fast: bool = False) -> None:
        self._compiler = compiler
        self._open = open_code
        self._fast = fast
        self._known: dict[Order, Trusted] = {}
        self._run: dict[Hashable, Trusted | None] = {}

    @property
    def bytes(self) -> int:
        """The memory that the code takes."""
        return sum(code.bytes for code in self._known.values())

    def begin(self) -> None:
        """A run begins, which may use what is finished by now."""
        self._compiler.tend()
        self._run.clear()

    def end(self) -> None:
        """A run is over: what it would have needed is compiled now."""
        self._compiler.tend()

    def clear(self) -> bool:
        """Keep none in memory; whether there was any."""
        had_any = bool(self._known)
        self._known.clear()
        self._run.clear()
        return had_any

    def get(self, shape: Hashable, order: Callable[[], Order]) -> Trusted | None:
        """The code for a shape in this run; None where the module has to do.

        Args:
            shape: Whatever tells it from others.
            order: Gives the order for it.
        """
        if shape not in self._run:
            self._run[shape] = self._find(order())
        code = self._run[shape]
        return None if code is None or code.is_refused else code

    def _find(self, order: Order) -> Trusted | None:
        if order in self._known:
            self._known[order] = self._known.pop(order)
            return self._known[order]
        file = self._compiler.find(order)
        if file is None:
            return None
        try:
            code = self._open(file)
        except (RuntimeError, OSError) as error:
            if is_out_of_memory(error):
                raise
            self._compiler.discard(order, _first_line(error))
            return None
        while len(self._known) >= CODE_KEPT:
            del self._known[next(iter(self._known))]

        def refuse(why: str) -> None:
            self._known.pop(order, None)
            self._compiler.refuse(order, why)

        self._known[order] = Trusted(code, refuse, fast=self._fast)
        return self._known[order]


class Trusted:
    """Code that is compared with the module before its first result is used.

    Args:
        code: The code.
        refuse: Is told why, if it is not to be used any more.
        fast: Whether the module's layers calculate in fewer bits.
    """

    def __init__(self, code: Code, refuse: Callable[[str], None], *, fast: bool = False) -> None:
        self._code = code
        self._refuse = refuse
        self._fast = fast
        self._compared: set[str] = set()
        self.is_refused = False

    @property
    def bytes(self) -> int:
        """The memory that it takes."""
        return self._code.bytes

    def __call__(
        self, row: Tensors, plain: Callable[[], Tensors], whose: str = ""
    ) -> Tensors | None:
        """What the code makes of a row; None, now and in future, where it fails.

        Args:
            row: What it reads, with weights if those are not part of the code.
            plain: Gives what the module makes of the same.
            whose: Which of several modules that share the code is meant.
        """
        try:
            made = self._code(row)
        except RuntimeError as error:
            if is_out_of_memory(error):
                raise
            self._give_up(_first_line(error))
            return None
        if whose not in self._compared:
            expected = plain()
            if not is_like(made, expected, fast=self._fast):
                self._give_up("what was compiled predicts something else.")
                return expected
            self._compared.add(whose)
        return made

    def _give_up(self, why: str) -> None:
        self.is_refused = True
        self._refuse(why)


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)
