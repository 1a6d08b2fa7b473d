"""Enlarging without a model."""

from __future__ import annotations

from scumble_protocol.geometry import Size
from scumble_protocol.messages import Pass
from scumble_server.upscale.resizing import ResizedRows
from scumble_server.upscale.rows import Rows
from scumble_server.upscale.steps import Steps
from scumble_server.upscale.upscaler import Upscaler


class Lanczos(Upscaler):
    """Lanczos interpolation over eight pixels, for every factor."""

    bytes = 0

    def rows(self, source: Rows, target: Size, steps: Steps) -> Rows:
        """See `Upscaler.rows`; it takes so little time that no piece of it is told."""
        return ResizedRows(source, target)

    def passes(self, name: str, size: Size, target: Size) -> tuple[Pass, ...]:
        """See `Upscaler.passes`."""
        return (Pass(name, target, 0.0, 0),)
