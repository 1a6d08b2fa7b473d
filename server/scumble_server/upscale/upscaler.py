"""What can enlarge pictures."""

from __future__ import annotations

from abc import ABC, abstractmethod

from scumble_protocol.geometry import Size
from scumble_server.opencv import Floats
from scumble_server.report import Reporter


class Upscaler(ABC):
    """Enlarges colours, and knows nothing of transparency or bit depths."""

    bytes: int
    """The memory that its weights take."""

    @abstractmethod
    def enlarge(self, color: Floats, target: Size, report: Reporter) -> Floats:
        """The picture at the target's size.

        Args:
            color: float32 (height, width, 3), 0 to 1, sRGB.
            target: The size to reach; not smaller than the picture.
            report: Told of the progress, at least once; what it raises ends the work.
        """
