"""What comes of a job."""

from __future__ import annotations

from dataclasses import dataclass

from scumble_protocol.messages import Pass
from scumble_server.pixels.compose import Layer
from scumble_server.prompts.wording import PromptUsed


@dataclass(frozen=True)
class Made:
    """A layer, and how it came about.

    Args:
        layer: The layer.
        seed: The seed that made it; 0 where chance had no part.
        prompts: What it was made with.
        passes: What was run to make it, in order.
        title: What it is where it is no variation; else empty.
    """

    layer: Layer
    seed: int = 0
    prompts: PromptUsed = PromptUsed()  # noqa: RUF009 (frozen, so it can be shared)
    passes: tuple[Pass, ...] = ()
    title: str = ""


@dataclass(frozen=True)
class Result:
    """What came of a request.

    Args:
        made: One for each variation, then what came with them; nothing after loading a model.
        times: Seconds by phase.
        notes: What was done otherwise than asked, each in a sentence for people.
    """

    made: tuple[Made, ...]
    times: dict[str, float]
    notes: tuple[str, ...] = ()

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The layers alone."""
        return tuple(made.layer for made in self.made)

    @property
    def prompts(self) -> tuple[PromptUsed, ...]:
        """What each layer was made with."""
        return tuple(made.prompts for made in self.made)
