"""Enlarging without a model."""

from __future__ import annotations

import numpy as np

from scumble_protocol.geometry import Size
from scumble_protocol.messages import Phase
from scumble_server import opencv
from scumble_server.opencv import LANCZOS, Floats
from scumble_server.report import ProgressReport, Reporter
from scumble_server.upscale.upscaler import Upscaler


class Lanczos(Upscaler):
    """Lanczos interpolation over eight pixels, for every factor."""

    bytes = 0

    def enlarge(self, color: Floats, target: Size, report: Reporter) -> Floats:
        """See `Upscaler.enlarge`."""
        report(ProgressReport(Phase.SAMPLING, 0, 1))
        enlarged = opencv.resized(color, target.width, target.height, LANCZOS)
        return np.clip(enlarged, 0, 1)
