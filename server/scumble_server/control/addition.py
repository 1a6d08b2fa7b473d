"""What can be added to a diffusion model: networks that are loaded and kept like models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from scumble_server.pixels.opencv import Floats

Box = tuple[float, float, float, float]
"""Left, top, width and height in pixels."""


class Addition(Protocol):
    """A network in memory that makes no pictures by itself."""

    @property
    def bytes(self) -> int:
        """The memory that its weights take."""
        ...


class ControlNetwork(Addition, Protocol):
    """A ControlNet; the models that it goes with know how to use it."""


class ReferenceNetwork(Addition, Protocol):
    """An IP-Adapter; the models that it goes with know how to use it."""


@runtime_checkable
class Preprocessor(Addition, Protocol):
    """Makes control pictures that only a trained network can make."""

    def read(self, picture: Floats, people: Sequence[Box] = ()) -> Floats:
        """The control picture of a picture: both float32 (height, width, 3), RGB, 0 to 1.

        `people` says where people are, for networks that look at one at a time.
        """
        ...


@runtime_checkable
class PeopleFinder(Addition, Protocol):
    """Finds people in pictures."""

    def people(self, picture: Floats) -> tuple[Box, ...]:
        """Where people are in a picture, float32 (height, width, 3), RGB, 0 to 1."""
        ...
