"""What can enlarge pictures."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from scumble_protocol.geometry import Size
from scumble_protocol.messages import Pass
from scumble_server.pixels.opencv import Floats
from scumble_server.upscale.rows import ArrayRows, Rows
from scumble_server.upscale.steps import NO_RELIEF, Relief, Steps
from scumble_server.work.report import Reporter


class Upscaler(ABC):
    """Enlarges colours, and knows nothing of transparency or bit depths."""

    bytes: int
    """The memory that its weights take."""

    @abstractmethod
    def rows(self, source: Rows, target: Size, steps: Steps) -> Rows:
        """The picture at the target's size, made while it is read.

        Args:
            source: Three channels, 0 to 1, sRGB.
            target: The size to reach; not smaller than the picture.
            steps: Told at once how many pieces will come, and later of every piece.

        Returns:
            Rows that may go a little beyond 0 and 1.
        """

    @abstractmethod
    def passes(self, name: str, size: Size, target: Size) -> tuple[Pass, ...]:
        """What `rows` does to a picture of that size, in order; `name` is the upscaler's id."""

    def enlarge(
        self, color: Floats, target: Size, report: Reporter, relief: Relief = NO_RELIEF
    ) -> Floats:
        """A picture at the target's size, all at once.

        Args:
            color: float32 (height, width, 3), 0 to 1, sRGB.
            target: The size to reach; not smaller than the picture.
            report: Told of the progress; what it raises ends the work.
            relief: Asked first where memory is short.
        """
        rows = self.rows(ArrayRows(color), target, Steps(report, relief))
        return np.clip(rows.read(0, target.height), 0, 1)
