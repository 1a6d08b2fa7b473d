"""What can be added to a diffusion model: networks that are loaded and kept like models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from scumble_protocol.guides import ControlKind
    from scumble_server.opencv import Floats


class Addition(Protocol):
    """A network in memory that makes no pictures by itself."""

    @property
    def bytes(self) -> int:
        """The memory that its weights take."""
        ...


class ControlNetwork(Addition, Protocol):
    """A ControlNet: from a control picture to what is added inside a UNet."""

    def read(self, kind: ControlKind, picture: Floats) -> Any:
        """A control picture (h, w, 3) as the network takes it, prepared once for a run."""
        ...

    def residuals(self, condition: Any, weight: float, unet_input: Any) -> tuple[Any, Any]:
        """What is added to a UNet's down blocks and to its middle, for one evaluation."""
        ...


class ReferenceNetwork(Addition, Protocol):
    """An IP-Adapter with its image encoder."""
