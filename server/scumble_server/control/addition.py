"""What can be added to a diffusion model: networks that are loaded and kept like models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from scumble_server.opencv import Floats


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

    def read(self, picture: Floats) -> Floats:
        """The control picture of a picture: both float32 (height, width, 3), RGB, 0 to 1."""
        ...
