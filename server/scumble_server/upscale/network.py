"""Enlarging with a network, tile by tile."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from spandrel import ModelTiling

from scumble_protocol.geometry import Size
from scumble_protocol.messages import Phase
from scumble_server import opencv
from scumble_server.models.device import is_out_of_memory
from scumble_server.opencv import AREA, LANCZOS, Floats
from scumble_server.report import ProgressReport, Reporter
from scumble_server.sampling.pace import Pace
from scumble_server.upscale.tiles import Span, spans, weights
from scumble_server.upscale.upscaler import Upscaler

if TYPE_CHECKING:
    from collections.abc import Iterator

    from spandrel import ImageModelDescriptor

TILE = 512
"""Side of a tile in pixels of the small picture; an ESRGAN of factor 4 takes some 3 GB for it."""
SMALLEST_TILE = 96
OVERLAP = 32
"""Pixels that neighbouring tiles share; what a network sees beyond is little."""


class Network(Upscaler):
    """A network of spandrel's, on its device, with a factor of its own.

    Another factor is reached by interpolation from the network's output. Memory is bounded by the
    tile, the result, and the result at the network's height.

    Args:
        descriptor: A network for pictures of three channels.
        tile: Side of a tile in pixels.
    """

    def __init__(self, descriptor: ImageModelDescriptor[torch.nn.Module], tile: int = TILE) -> None:
        self._descriptor = descriptor
        self._tile = tile if descriptor.tiling is not ModelTiling.INTERNAL else 2**30
        parameters = descriptor.model.state_dict().values()
        self.bytes = sum(tensor.numel() * tensor.element_size() for tensor in parameters)

    @property
    def scale(self) -> int:
        """The network's own factor."""
        return int(self._descriptor.scale)

    def enlarge(self, color: Floats, target: Size, report: Reporter) -> Floats:
        """See `Upscaler.enlarge`; tries again with smaller tiles when memory runs out."""
        tile = min(self._tile, max(color.shape[:2]))
        while True:
            try:
                return self._enlarge(color, target, tile, report)
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error) or tile <= SMALLEST_TILE:
                    raise
            tile = max(SMALLEST_TILE, tile // 2)

    def _enlarge(self, color: Floats, target: Size, tile: int, report: Reporter) -> Floats:
        """Rows of tiles are brought to the target's width at once, and all to its height at last.

        Interpolation works on each axis alone, so that this is what would come of enlarging the
        whole, while the whole is never there at the network's size.
        """
        height, width = color.shape[:2]
        rows, columns = spans(height, tile, OVERLAP), spans(width, tile, OVERLAP)
        told = self._telling(report, len(rows) * len(columns))
        tall = np.zeros((height * self.scale, target.width, 3), np.float32)
        for row, weight in zip(rows, weights(rows, self.scale), strict=True):
            band = self._band(color[row.start : row.stop], columns, told)
            wide = _resized(band, target.width, band.shape[0])
            area = np.s_[row.start * self.scale : row.stop * self.scale]
            tall[area] += wide * weight[:, None, None]
        return np.clip(_resized(tall, target.width, target.height), 0, 1)

    def _band(self, color: Floats, columns: tuple[Span, ...], told: Iterator[None]) -> Floats:
        """A row of tiles, joined, at the network's size."""
        height, width = color.shape[:2]
        band = np.zeros((height * self.scale, width * self.scale, 3), np.float32)
        for column, weight in zip(columns, weights(columns, self.scale), strict=True):
            next(told)
            area = np.s_[:, column.start * self.scale : column.stop * self.scale]
            band[area] += self._one(color[:, column.start : column.stop]) * weight[:, None]
        return band

    def _one(self, color: Floats) -> Floats:
        descriptor = self._descriptor
        tensor = torch.from_numpy(np.ascontiguousarray(color)).permute(2, 0, 1)[None]
        output = descriptor(tensor.to(descriptor.device, descriptor.dtype))
        enlarged: Floats = output[0].float().permute(1, 2, 0).cpu().numpy()
        return enlarged

    @staticmethod
    def _telling(report: Reporter, tiles: int) -> Iterator[None]:
        """To be asked before every tile."""
        pace = Pace(tiles)
        for done in range(tiles):
            left = pace.seconds_left(done) if done else -1.0
            report(ProgressReport(Phase.SAMPLING, done, tiles, left))
            yield


def _resized(picture: Floats, width: int, height: int) -> Floats:
    if picture.shape[1::-1] == (width, height):
        return picture
    shrinks = width < picture.shape[1] or height < picture.shape[0]
    return opencv.resized(picture, width, height, AREA if shrinks else LANCZOS)
