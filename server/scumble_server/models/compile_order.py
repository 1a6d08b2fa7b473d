"""What is to be compiled: a UNet as it lies in a file, for tensors of just these shapes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from hashlib import blake2b
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

Row = dict[str, torch.Tensor]
"""What one evaluation reads, by name: the samples, the timestep, and each condition."""

_INSIDE = "."
"""Between the name of a condition that has several tensors and the name of one of them."""


@dataclass(frozen=True)
class UnetFile:
    """Where a UNet's weights and configs lie; `unet_file` makes it.

    Args:
        path: A diffusers folder, or a single file in the original layout.
        configs: The folder with the configs of a single file, else None.
        channels: How many the UNet reads.
        stamps: Each file with its size and the time of its last change.
    """

    path: Path
    configs: Path | None
    channels: int
    stamps: tuple[tuple[str, int, int], ...]

    @property
    def is_unchanged(self) -> bool:
        """Whether the files are what they were."""
        return unet_file(self.path, self.configs, self.channels) == self


def unet_file(path: Path, configs: Path | None, channels: int) -> UnetFile:
    """A UNet's files as they are now.

    Raises:
        OSError: One of them is gone.
    """
    roots = [path / "unet" if path.is_dir() else path, configs]
    files = sorted(file for root in roots if root is not None for file in _files(root))
    states = [(file, file.stat()) for file in files]
    stamps = tuple((str(file), state.st_size, state.st_mtime_ns) for file, state in states)
    return UnetFile(path, configs, channels, stamps)


@dataclass(frozen=True)
class Order:
    """One piece of machine code.

    Args:
        unet: The UNet, whose weights become part of it.
        tensors: Name, sides and type of each tensor of the row, in order.
        threads: How many it shall use.
    """

    unet: UnetFile
    tensors: tuple[tuple[str, tuple[int, ...], str], ...]
    threads: int

    @property
    def name(self) -> str:
        """The file's, which no other order has; nor has this one with other weights, elsewhere."""
        machine = sorted(map(str, torch.cpu.get_capabilities().items()))
        versions = (torch.__version__, version("diffusers"))
        known = (self.unet.stamps, self.tensors, self.threads, versions, machine)
        return blake2b(repr(known).encode(), digest_size=16).hexdigest() + ".so"

    def written(self) -> str:
        """A line that `read_order` understands."""
        return json.dumps(asdict(self), default=str)

    def example(self) -> Row:
        """Tensors of these shapes and types."""
        return {
            name: laid(torch.zeros(sides, dtype=getattr(torch, kind)))
            for name, sides, kind in self.tensors
        }


def order_for(unet: UnetFile, row: Row) -> Order:
    """The order for whatever has the shapes and types of a row."""
    tensors = tuple(
        (name, tuple(tensor.shape), str(tensor.dtype).removeprefix("torch."))
        for name, tensor in row.items()
    )
    return Order(unet, tensors, torch.get_num_threads())


def read_order(line: str) -> Order:
    """What `Order.written` wrote."""
    read = json.loads(line)
    unet = read["unet"]
    configs = None if unet["configs"] is None else Path(unet["configs"])
    tensors = tuple((name, tuple(sides), kind) for name, sides, kind in read["tensors"])
    stamps = tuple((path, size, changed) for path, size, changed in unet["stamps"])
    file = UnetFile(Path(unet["path"]), configs, unet["channels"], stamps)
    return Order(file, tensors, read["threads"])


def as_row(read: torch.Tensor, timestep: torch.Tensor, told: Mapping[str, Any]) -> Row | None:
    """What one evaluation reads, laid out alike each time; None if not all of it are tensors."""
    row: Row = {"read": read, "timestep": timestep}
    for name, condition in told.items():
        if isinstance(condition, torch.Tensor):
            row[name] = condition
        elif isinstance(condition, Mapping):
            row |= {f"{name}{_INSIDE}{key}": value for key, value in condition.items()}
        else:
            return None
    if not all(isinstance(tensor, torch.Tensor) for tensor in row.values()):
        return None
    return {name: laid(tensor) for name, tensor in row.items()}


def as_told(row: Row) -> dict[str, Any]:
    """The conditions in a row, as a UNet gets them by name."""
    told: dict[str, Any] = {}
    for name, tensor in row.items():
        outer, _, inner = name.partition(_INSIDE)
        if inner:
            told.setdefault(outer, {})[inner] = tensor
        elif name not in {"read", "timestep"}:
            told[name] = tensor
    return told


def laid(tensor: torch.Tensor) -> torch.Tensor:
    """A tensor as compiled code, which does not look, expects it to lie in memory."""
    if tensor.ndim == 4:
        return tensor.contiguous(memory_format=torch.channels_last)
    return tensor.contiguous()


def _files(root: Path) -> Iterator[Path]:
    return (file for file in root.rglob("*") if file.is_file()) if root.is_dir() else iter([root])
