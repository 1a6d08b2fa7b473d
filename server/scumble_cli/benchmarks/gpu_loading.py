"""Loading a model to a GPU, beside reading its files."""

from __future__ import annotations

import gc
import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from scumble_cli.benchmarks.figure import Figure, Finding, in_turns, seconds
from scumble_cli.benchmarks.gpu_models import sizes, unet_pipeline
from scumble_cli.benchmarks.gpu_scale import on_gpu
from scumble_protocol.endpoint import state_folder
from scumble_server.app import STARTER_FOLDER
from scumble_server.models.catalog import Catalog
from scumble_server.models.configs import RECOMMENDATIONS
from scumble_server.models.shelf import Shelf
from scumble_server.work.report import silent

if TYPE_CHECKING:
    from scumble_cli.benchmarks.gpu_scale import Scale

PIECE = 2**24
MODEL = "random"


@on_gpu("loading a model to a GPU")
def loading(rounds: int, scale: Scale) -> list[Finding]:
    """SDXL's folder in half precision from disk to the device, over reading its weights.

    Both find the files in the system's cache, as after the first time.
    """
    folder = state_folder()
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bench-", dir=folder) as state:
        write_model(Path(state) / MODEL, scale)
        files = sorted(Path(state).rglob("*.safetensors"))

        def load(_: int) -> float:
            return _loading(Path(state), scale)

        def read(_: int) -> float:
            return seconds(lambda: [_read(path) for path in files])

        size = sum(_read(path) for path in files)
        load(0)
        loaded, reading = in_turns(rounds, load, read)
    return [
        loaded.over(reading, "loading SDXL (random weights) over reading its files", goal=1.2),
        loaded.figure("loading SDXL (random weights)", "s"),
        reading.figure("reading its files", "s"),
        Figure("its files", size / 2**30, "GiB"),
    ]


def write_model(folder: Path, scale: Scale) -> Path:
    """Write SDXL with random weights as a folder of diffusers; gives the folder back."""
    pipeline = unet_pipeline("sdxl", scale)
    pipeline.save_pretrained(folder)
    (folder / RECOMMENDATIONS).write_text(json.dumps(sizes(scale)), "utf-8")
    return folder


def _loading(folder: Path, scale: Scale) -> float:
    """Seconds in which a shelf has the model ready; it is put away again."""

    def load() -> None:
        Shelf(Catalog([folder], STARTER_FOLDER), scale.device).get(MODEL, silent)
        wait(scale)

    spent = seconds(load)
    gc.collect()
    return spent


def wait(scale: Scale) -> None:
    """Until the device has done all that it was told."""
    if scale.device.type == "cuda":
        torch.cuda.synchronize(scale.device)


def _read(path: Path) -> int:
    """The bytes that a file has, each of them read."""
    piece, size = bytearray(PIECE), 0
    with path.open("rb", buffering=0) as file:
        while got := file.readinto(piece):
            size += got
    return size
