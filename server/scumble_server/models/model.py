"""What every diffusion model can do, however it is made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from scumble_protocol.requests import Regenerate
    from scumble_server.pixels.crop import Crop
    from scumble_server.pixels.opencv import Floats
    from scumble_server.prompts.tokens import Count
    from scumble_server.prompts.wording import Wording
    from scumble_server.spec import ModelSpec
    from scumble_server.work.report import Reporter


class Model(Protocol):
    """A diffusion model in memory."""

    @property
    def spec(self) -> ModelSpec:
        """What it needs."""
        ...

    @property
    def bytes(self) -> int:
        """The memory that its weights take."""
        ...

    def using(self, wording: Wording) -> AbstractContextManager[None]:
        """While in it, the model has the LoRAs and knows the textual inversions of a wording.

        Raises:
            RequestError: One of them is damaged or made for other models.
        """
        ...

    def measure(self, prompt: str) -> Count:
        """How many tokens a prompt has, and in how many chunks they are read."""
        ...

    def forget(self) -> bool:
        """Drop what is kept of earlier jobs to be quicker; whether there was anything."""
        ...

    def sample(
        self, crop: Crop, request: Regenerate, seeds: tuple[int, ...], report: Reporter
    ) -> tuple[Floats, ...]:
        """Variations of a working picture, one for each seed.

        Args:
            crop: The working picture and its masks, whose sides are multiples of the spec's.
            request: How; its pictures are not read, and its strength is above 0.
            seeds: One or more, denoised at once.
            report: Told of every step; what it raises ends the run.

        Returns:
            For each seed float32 (working height, working width, 3), 0 to 1. The same arguments
            give the same bytes.

        Raises:
            RequestError: The request asks for what this model can't do.
        """
        ...
