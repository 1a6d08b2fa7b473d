"""A program that compiles one module for one shape: `python -m scumble_server.compiling.program`.

It reads the path of an order and that of the file to write from its input, a line each, and ends at
once when that input ends, for then the server is gone.
"""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path
from typing import Any

import torch

from scumble_server.compiling.apart import compile_apart
from scumble_server.compiling.architecture import UnlikeError
from scumble_server.compiling.compiler import UNLIKE
from scumble_server.compiling.order import Order, UnetFile, read_order
from scumble_server.compiling.rows import as_told, example
from scumble_server.models.loading import load_unet


class Evaluation(torch.nn.Module):
    """A UNet that reads a row of tensors.

    Args:
        unet: The UNet.
        names: Of the tensors in the row.
    """

    def __init__(self, unet: torch.nn.Module, names: tuple[str, ...]) -> None:
        super().__init__()
        self._unet = unet
        self._names = names

    def forward(self, *tensors: torch.Tensor) -> Any:
        """The prediction."""
        row = dict(zip(self._names, tensors, strict=True))
        return self._unet(row["read"], row["timestep"], return_dict=False, **as_told(row))[0]


def main() -> None:
    """Compile what the input asks for."""
    order = read_order(Path(sys.stdin.readline().strip()).read_text("utf-8"))
    target = Path(sys.stdin.readline().strip())
    threading.Thread(target=_end_with_server, daemon=True).start()
    if hasattr(os, "nice"):
        os.nice(10)  # whoever paints goes first
    torch.set_num_threads(order.threads)
    try:
        compile_order(order, target)
    except UnlikeError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(UNLIKE)


def compile_order(order: Order, target: Path) -> None:
    """Write the machine code; the file is there when it is whole.

    Args:
        order: For what.
        target: The file. Whatever else torch writes lies beside it while it works.

    Raises:
        UnlikeError: The module is not what its config describes.
    """
    from torch._inductor import config  # takes a second, and only this needs it

    # Without processes of its own, which would outlive this one.
    config.compile_threads = 1
    if isinstance(order.module, UnetFile):
        _compile_whole(order, order.module, target)
    else:
        compile_apart(order, target)


def _compile_whole(order: Order, file: UnetFile, target: Path) -> None:
    """A UNet with its weights, which become constants that lie as oneDNN reads them."""
    from torch._inductor import aot_compile

    unet = load_unet(file.path, file.configs, file.channels, file.fast)
    if not file.is_unchanged:
        raise OSError(f"{file.path} has changed since it was loaded")
    row = example(order.tensors, order.device)
    evaluation = Evaluation(unet, tuple(row)).eval().requires_grad_(requires_grad=False)
    with torch.no_grad():
        exported = torch.export.export(evaluation, tuple(row.values()), strict=False)
        unfinished = target.with_suffix(".part.so")
        aot_compile(
            exported.module(),
            tuple(row.values()),
            options={"freezing": True, "aot_inductor.output_path": str(unfinished)},
        )
    unfinished.replace(target)


def _end_with_server() -> None:
    sys.stdin.read()
    os._exit(1)


if __name__ == "__main__":
    main()
