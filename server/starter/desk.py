"""The starter as a painter uses it: jobs of the server's own, done in this process."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from scumble_protocol.choices import Sampler
from scumble_protocol.geometry import Rect, Size
from scumble_protocol.images import ImageRef
from scumble_protocol.pixels import PixelFormat
from scumble_protocol.requests import Regenerate
from scumble_server.models.catalog import STARTER, Catalog
from scumble_server.models.shelf import Shelf
from scumble_server.pixels.opencv import Mask
from scumble_server.run import run
from scumble_server.work.report import Report

from .scenes import Pixels

GROW, FEATHER = 4, 8
"""What the editors propose."""


@dataclass(frozen=True)
class Order:
    """What is asked for, beside picture and selection."""

    prompt: str
    strength: float = 1.0
    steps: int = 15
    cfg: float = 4.0
    sampler: Sampler = Sampler.DPMPP_2M
    seed: int = 0


class Desk:
    """One model, loaded as the server loads it."""

    def __init__(self, model: Path) -> None:
        self._shelf = Shelf(Catalog([], model), torch.device("cpu"))

    def new(self, side: int, order: Order) -> Pixels:
        """A whole picture from words alone: side x side x 3."""
        return self.over(np.full((side, side, 3), 128, np.uint8), order)

    def over(self, picture: Pixels, order: Order, selection: Mask | None = None) -> Pixels:
        """The picture with the selection, or all of it, made anew, as it lies on the canvas."""
        size = Size(picture.shape[1], picture.shape[0])
        area = np.full(picture.shape[:2], 255, np.uint8) if selection is None else selection
        opaque = np.dstack((picture, np.full(picture.shape[:2], 255, np.uint8)))
        blobs: dict[str, bytes] = {}

        def keep(array: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> ImageRef:
            data = array.tobytes()
            name = hashlib.blake2b(data, digest_size=16).hexdigest()
            blobs[name] = data
            layout = PixelFormat.GRAY8 if array.ndim == 2 else PixelFormat.RGBA8
            return ImageRef(name, size, layout)

        request = Regenerate(
            model=STARTER,
            prompt=order.prompt,
            negative="",
            strength=order.strength,
            sampler=order.sampler,
            steps=order.steps,
            cfg=order.cfg,
            seed=order.seed,
            count=1,
            grow=0 if selection is None else GROW,
            feather=0 if selection is None else FEATHER,
            match_color=selection is not None,
            canvas=size,
            context=Rect.of(size),
            image=keep(opaque),
            mask=keep(area),
        )
        layer = run(request, blobs.__getitem__, self._shelf, _heard).layers[0]
        result = picture.astype(np.float32)
        shown = layer.mask[..., None].astype(np.float32) / 255
        rows = slice(layer.rect.y, layer.rect.bottom)
        columns = slice(layer.rect.x, layer.rect.right)
        below = result[rows, columns]
        result[rows, columns] = below * (1 - shown) + layer.pixels[..., :3] * shown
        return np.rint(result).astype(np.uint8)


def _heard(_: Report) -> None:
    """Nobody watches the progress."""
