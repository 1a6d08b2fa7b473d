"""Enlarging with a network, tile by tile."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import torch
from spandrel import ModelTiling

from scumble_protocol.geometry import Rect, Size
from scumble_protocol.messages import Pass
from scumble_server.models.shortage import SHORTAGES, is_out_of_memory
from scumble_server.pixels.opencv import Floats
from scumble_server.upscale.resizing import ResizedRows
from scumble_server.upscale.rows import ArrayRows, Rows
from scumble_server.upscale.steps import SHORT, Relief, Steps
from scumble_server.upscale.tiled import Layout, TiledRows, Work
from scumble_server.upscale.tiles import spans
from scumble_server.upscale.upscaler import Upscaler

if TYPE_CHECKING:
    from spandrel import ImageModelDescriptor

TILE = 512
"""Side of a tile in pixels of the small picture; an ESRGAN of factor 4 takes some 3 GB for it."""
SMALLEST_TILE = 96
OVERLAP = 32
"""Pixels that neighbouring tiles share; what a network sees beyond is little."""


BAND_BYTES = 128 * 2**20
"""Most bytes of a row of tiles, enlarged; wide pictures get tiles that are less high for it."""
LOWEST_BAND = 128
"""Height of a row of tiles below which too much would be done twice."""
SLACK = 1.5
"""What is left of the factor after some passes, up to which interpolation does the rest."""


class Network(Upscaler):
    """A network of spandrel's, on its device, with a factor of its own.

    Larger factors are reached in several passes, others by interpolation from what the last pass
    made. Memory is bounded by rows of tiles, not by the picture.

    Args:
        descriptor: A network for pictures of three channels.
        tile: Side of a tile in pixels.
    """

    def __init__(self, descriptor: ImageModelDescriptor[torch.nn.Module], tile: int = TILE) -> None:
        self._descriptor = descriptor
        self._tile = tile
        self._is_whole = descriptor.tiling is ModelTiling.INTERNAL
        self._fitting = math.inf
        """Becomes smaller where memory turns out to be short; for one picture only, since pieces
        change its pixels a little."""
        parameters = descriptor.model.state_dict().values()
        self.bytes = sum(tensor.numel() * tensor.element_size() for tensor in parameters)

    @property
    def scale(self) -> int:
        """The network's own factor."""
        return int(self._descriptor.scale)

    def rows(self, source: Rows, target: Size, steps: Steps) -> Rows:
        """See `Upscaler.rows`."""
        self._fitting = math.inf
        for layout in self._layouts(source.size, target):
            steps.expect(layout.count)
            source = TiledRows(source, layout, self.scale, self._telling(steps))
        return ResizedRows(source, target)

    def passes(self, name: str, size: Size, target: Size) -> tuple[Pass, ...]:
        """See `Upscaler.passes`."""
        return tuple(
            Pass(name, layout.tile, 0.0, 0, layout.count) for layout in self._layouts(size, target)
        )

    def _layouts(self, size: Size, target: Size) -> tuple[Layout, ...]:
        """The tiles of every pass: one at least, more where the factor is larger than its own."""
        factor = max(target.width / size.width, target.height / size.height)
        layouts = [self._layout(size)]
        while self.scale > 1 and factor > self.scale ** len(layouts) * SLACK:
            size = Size(size.width * self.scale, size.height * self.scale)
            layouts.append(self._layout(size))
        return tuple(layouts)

    def _layout(self, size: Size) -> Layout:
        if self._is_whole:
            return Layout(spans(size.height, size.height, 0), spans(size.width, size.width, 0))
        row_bytes = size.width * self.scale**2 * 3 * np.float32().nbytes
        tall = min(self._tile, max(LOWEST_BAND, BAND_BYTES // row_bytes))
        return Layout(spans(size.height, tall, OVERLAP), spans(size.width, self._tile, OVERLAP))

    def _telling(self, steps: Steps) -> Work:
        def work(tile: Floats, place: Rect) -> Floats:
            steps.begin()
            return self._made(tile, steps.relief)

        return work

    def _made(self, tile: Floats, relief: Relief) -> Floats:
        """A tile, enlarged; in smaller pieces when memory runs out."""
        height, width = tile.shape[:2]
        side = max(height, width)
        while True:
            try:
                if side <= self._fitting:
                    return self._one(tile)
                piece = int(self._fitting)
                layout = Layout(spans(height, piece, OVERLAP), spans(width, piece, OVERLAP))
                pieces = TiledRows(ArrayRows(tile), layout, self.scale, lambda it, _: self._one(it))
                return pieces.read(0, height * self.scale)
            except SHORTAGES as error:
                if not is_out_of_memory(error):
                    raise
                if relief.relieve(error):
                    continue
                tried = min(side, self._fitting)
                if tried <= SMALLEST_TILE or self._is_whole:
                    raise
            self._fitting = max(SMALLEST_TILE, tried // 2)
            relief.note(f"{SHORT} the picture was enlarged in smaller pieces.")

    def _one(self, tile: Floats) -> Floats:
        descriptor = self._descriptor
        tensor = torch.from_numpy(np.ascontiguousarray(tile)).permute(2, 0, 1)[None].clamp(0, 1)
        output = descriptor(tensor.to(descriptor.device, descriptor.dtype))
        enlarged: Floats = output[0].float().permute(1, 2, 0).cpu().numpy()
        return enlarged
