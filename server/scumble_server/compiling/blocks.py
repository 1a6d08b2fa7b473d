"""The blocks that a transformer repeats, by machine code that is made of one and serves all.

Compiling a block takes a minute where the whole transformer would take an hour. The code is given
each block's own weights (decision 77).
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import torch

from scumble_server.compiling.architecture import Architecture, architecture_of, tensors_of
from scumble_server.compiling.calls import taken_apart
from scumble_server.compiling.code import ApartCode
from scumble_server.compiling.codes import Codes
from scumble_server.compiling.order import Order
from scumble_server.compiling.rows import shapes_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from scumble_server.compiling.compiler import Compiler


class CompiledBlocks:
    """What calculates instead of a transformer's blocks; what lies between them stays as it is.

    Args:
        transformer: Of diffusers, on its device.
        compiler: Makes the code.
        fast: In which numbers its layers calculate (`fast.py`); empty for its own.
    """

    def __init__(self, transformer: Any, compiler: Compiler, fast: str = "") -> None:
        self._transformer = transformer
        self._blocks = _blocks(transformer, fast)
        device = next(transformer.parameters()).device
        self._codes = Codes(compiler, partial(ApartCode, device=device), fast=bool(fast))
        self._forms: dict[tuple[str, str], Form] = {}
        self._may_keep = True

    @contextmanager
    def run(self) -> Iterator[None]:
        """Around a run: blocks whose shapes are compiled by now are replaced while in it."""
        self._codes.begin()
        with ExitStack() as undo:
            if self._may_keep and not self._is_altered:
                for name, (block, _) in self._blocks.items():
                    undo.enter_context(_replaced(block, partial(self._call, name, block.forward)))
            yield
        self._codes.end()

    @property
    def bytes(self) -> int:
        """The memory that the code takes."""
        return self._codes.bytes

    def forget(self) -> bool:
        """Keep no code in memory from now on, since that is short; whether there was any."""
        had_any = self._codes.clear()
        self._may_keep = not had_any
        return had_any

    @property
    def _is_altered(self) -> bool:
        """Whether there are hooks, of which the code knows nothing."""
        return hasattr(self._transformer, "_hf_hook") or any(
            part._forward_hooks or part._forward_pre_hooks or _has_own_hooks(part)  # noqa: SLF001
            for part in self._transformer.modules()
        )

    def _call(self, name: str, forward: Callable[..., Any], *given: Any, **named: Any) -> Any:
        """What a block makes of a call."""
        if (taken := taken_apart(given, named)) is None:
            return forward(*given, **named)
        call, row = taken
        block, architecture = self._blocks[name]
        shapes = shapes_of(row)
        code = self._codes.get(
            (architecture, call, shapes),
            lambda: Order(architecture, shapes, torch.get_num_threads(), call),
        )
        if code is None:
            return forward(*given, **named)

        def plain() -> Sequence[torch.Tensor]:
            made = forward(*given, **named)
            self._forms[name, call] = Form(made)
            return _tensors(made)

        made = code([*tensors_of(block).values(), *row.values()], plain, name)
        return forward(*given, **named) if made is None else self._forms[name, call].filled(made)


class Form:
    """What a block gives: a tensor, or some, and None where others have one.

    Args:
        made: What it gave.
    """

    def __init__(self, made: Any) -> None:
        self._is_one = isinstance(made, torch.Tensor)
        self._has = () if self._is_one else tuple(each is not None for each in made)

    def filled(self, tensors: Sequence[torch.Tensor]) -> Any:
        """The same with these tensors."""
        if self._is_one:
            return tensors[0]
        left = iter(tensors)
        return tuple(next(left) if has else None for has in self._has)


def _tensors(made: Any) -> list[torch.Tensor]:
    return [made] if isinstance(made, torch.Tensor) else [each for each in made if each is not None]


def _blocks(transformer: Any, fast: str) -> dict[str, tuple[torch.nn.Module, Architecture]]:
    """The blocks by name, each with what it is; those that are alike share that."""
    found = {}
    known: dict[Architecture, Architecture] = {}
    for name, part in transformer.named_modules():
        if type(part).__name__ not in (transformer._repeated_blocks or ()):  # noqa: SLF001
            continue
        architecture = architecture_of(transformer, part, fast)
        if architecture is not None:
            found[name] = (part, known.setdefault(architecture, architecture))
    return found


def _has_own_hooks(part: torch.nn.Module) -> bool:
    """Whether there are hooks of diffusers' own kind; it leaves empty lists behind."""
    registry = vars(part).get("_diffusers_hook")
    return registry is not None and bool(registry.hooks)


@contextmanager
def _replaced(block: Any, forward: Callable[..., Any]) -> Iterator[None]:
    own = vars(block).get("forward")
    vars(block)["forward"] = forward
    try:
        yield
    finally:
        if own is None:
            del vars(block)["forward"]
        else:
            vars(block)["forward"] = own
