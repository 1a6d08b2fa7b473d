"""What can repair faces."""

from __future__ import annotations

from abc import ABC, abstractmethod

from scumble_server.pixels.opencv import Floats


class FaceRestorer(ABC):
    """Repairs a face that fills about half of a picture, without a prompt and without chance."""

    bytes: int
    """The memory that its weights take."""
    side: int
    """Side in pixels of the square pictures that it works on."""

    @abstractmethod
    def restore(self, picture: Floats) -> Floats:
        """The picture with its face repaired, of the same size.

        Args:
            picture: float32 (height, width, 3), 0 to 1, sRGB, about square.
        """
