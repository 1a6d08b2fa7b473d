"""What is to be compiled: a module, for tensors of just these shapes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from hashlib import blake2b
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from scumble_server.compiling.architecture import Architecture, read_architecture
from scumble_server.compiling.rows import Shapes


@dataclass(frozen=True)
class UnetFile:
    """Where a UNet's weights and configs lie; `unet_file` makes it.

    Args:
        path: A diffusers folder, or a single file in the original layout.
        configs: The folder with the configs of a single file, else None.
        channels: How many the UNet reads.
        stamps: Each file with its size and the time of its last change.
        fast: In which numbers its layers calculate (`fast.py`); empty for its own.
    """

    path: Path
    configs: Path | None
    channels: int
    stamps: tuple[tuple[str, int, int], ...]
    fast: str = ""

    @property
    def is_unchanged(self) -> bool:
        """Whether the files are what they were."""
        return unet_file(self.path, self.configs, self.channels, self.fast) == self


def unet_file(path: Path, configs: Path | None, channels: int, fast: str = "") -> UnetFile:
    """A UNet's files as they are now.

    Raises:
        OSError: One of them is gone.
    """
    roots = [path / "unet" if path.is_dir() else path, configs]
    files = sorted(file for root in roots if root is not None for file in _files(root))
    states = [(file, file.stat()) for file in files]
    stamps = tuple((str(file), state.st_size, state.st_mtime_ns) for file, state in states)
    return UnetFile(path, configs, channels, stamps, fast)


@dataclass(frozen=True)
class Order:
    """One piece of machine code.

    Args:
        module: A UNet whose weights become part of it, or what is to run on weights that it is
            given each time.
        tensors: Of the row.
        threads: How many it shall use on a CPU.
        call: Of a block, how it is called with the row (`calls.py`); of a UNet nothing.
    """

    module: UnetFile | Architecture
    tensors: Shapes
    threads: int
    call: str = ""

    @property
    def device(self) -> torch.device:
        """Where it runs."""
        module = self.module
        return torch.device(module.device if isinstance(module, Architecture) else "cpu")

    @property
    def name(self) -> str:
        """The file's, which no other order has; nor has this one with other weights, elsewhere."""
        versions = (torch.__version__, version("diffusers"))
        file = self.module
        module = (file.stamps, file.fast) if isinstance(file, UnetFile) else file
        machine = (sorted(map(str, torch.cpu.get_capabilities().items())), _card(self.device))
        known = (module, self.tensors, self.call, self.threads, versions, machine)
        ending = ".so" if isinstance(file, UnetFile) else ".pt2"
        return blake2b(repr(known).encode(), digest_size=16).hexdigest() + ending

    def written(self) -> str:
        """What `read_order` understands."""
        return json.dumps(asdict(self), default=str)


def read_order(written: str) -> Order:
    """What `Order.written` wrote."""
    read = json.loads(written)
    module = read["module"]
    tensors = tuple((name, tuple(sides), kind) for name, sides, kind in read["tensors"])
    made = _read_file(module) if "stamps" in module else read_architecture(module)
    return Order(made, tensors, read["threads"], read["call"])


def _read_file(read: dict[str, Any]) -> UnetFile:
    configs = None if read["configs"] is None else Path(read["configs"])
    stamps = tuple((path, size, changed) for path, size, changed in read["stamps"])
    return UnetFile(Path(read["path"]), configs, read["channels"], stamps, read["fast"])


def _card(device: torch.device) -> str:
    """What machine code for a GPU depends on."""
    if device.type != "cuda":
        return ""
    properties = torch.cuda.get_device_properties(device)
    return f"{properties.name} {properties.major}.{properties.minor}"


def _files(root: Path) -> Iterator[Path]:
    return (file for file in root.rglob("*") if file.is_file()) if root.is_dir() else iter([root])
