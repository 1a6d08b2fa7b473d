"""What tells one family of models from another, as data; needs neither torch nor diffusers."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from scumble_protocol.choices import Sampler, Schedule
from scumble_protocol.messages import Ability

FLOW_SCHEDULES = (
    Schedule.AUTOMATIC,
    Schedule.SIMPLE,
    Schedule.SGM_UNIFORM,
    Schedule.KARRAS,
    Schedule.EXPONENTIAL,
    Schedule.BETA,
)
"""A flow's own schedule is evenly spaced, the end left out: both `simple` and `sgm_uniform`."""


class Guidance(enum.Enum):
    """What a family's pipeline understands by CFG."""

    CFG = "guidance_scale"
    """Classifier-free guidance with a negative prompt."""
    TRUE_CFG = "true_cfg_scale"
    """The same under its other name; it needs some negative prompt, if only a blank."""
    BEYOND = "beyond"
    """Classifier-free guidance counted from 0: what goes beyond the prediction itself."""
    DISTILLED = "distilled"
    """A number that the model reads; there is no negative prompt."""


class Layout(enum.Enum):
    """How latents lie when a pipeline has them."""

    PLAIN = "plain"
    """(batch, channels, height, width), as the VAE gives them."""
    PATCHES = "patches"
    """(batch, patches, 4 * channels): 2 by 2 latents in a row for a transformer to read."""
    FRAMES = "frames"
    """As `PATCHES`, from a VAE that was made for moving pictures."""
    NORMED = "normed"
    """(batch, places, channels): 2 by 2 latents are channels of one, normed by the VAE."""


class Shown(enum.Enum):
    """What of the picture a pipeline is shown beside the latents."""

    NOTHING = "nothing"
    REFERENCE = "reference"
    """All of it: the prompt says what to change about it."""
    HOLE = "hole"
    """All but what is under the mask, and the mask."""


@dataclass(frozen=True)
class Family:
    """One family of models.

    Args:
        id: For `ModelSpec.family`.
        title: As people know it, with its article.
        pipeline: diffusers' class to run it with: the one that starts from text, where there are
            several, since its latents can be given.
        serves: Every class whose parts are the same; folders name one of them.
        guidance: What CFG means.
        layout: How latents lie.
        shown: What of the picture the pipeline takes.
        resizes: Whether the pipeline brings every picture to a size of its own unless told not to.
        max_tokens: Most tokens of a prompt that are read.
        limit: Whether the pipeline has to be told `max_tokens`.
        reader: The component whose tokenizer counts a prompt's tokens.
        parts: The components that a folder must have, with weights or without.
        native_side: The side that it was trained on, where its files don't tell.
        pixels: Most pixels of a working size, as a multiple of the native square.
        steps: Recommended steps.
        cfg: Recommended guidance scale.
        quick: Recommended steps and guidance scale of the family's distilled models.
        abilities: What it can be asked for.
        base: What must be in `fits` of what is added to it.
        sampler: The one sampler that it runs with.
        schedules: The schedules.
        denoiser: The component that predicts.
        decoder: The component that makes pictures of latents.
        compiles: Whether its blocks are called alike whatever the prompt, so that they are worth
            compiling, see `compiling/blocks.py`.
        reuses: Whether what its blocks made at one step can be taken for the next, see `reuse.py`.
    """

    id: str
    title: str
    pipeline: str
    serves: tuple[str, ...]
    guidance: Guidance
    layout: Layout
    max_tokens: int
    reader: str
    parts: tuple[str, ...]
    steps: int
    cfg: float
    shown: Shown = Shown.NOTHING
    resizes: bool = False
    limit: bool = True
    native_side: int = 1024
    pixels: float = 1.5
    quick: tuple[int, float] = (0, 0.0)
    abilities: tuple[Ability, ...] = ()
    base: str = ""
    sampler: Sampler = Sampler.FLOW_EULER
    schedules: tuple[Schedule, ...] = FLOW_SCHEDULES
    denoiser: str = "transformer"
    decoder: str = "vae"
    reuses: bool = False
    compiles: bool = False

    @property
    def has_negative(self) -> bool:
        """Whether there is a negative prompt."""
        return Ability.NEGATIVE in self.abilities

    @property
    def edits(self) -> bool:
        """Whether the prompt is an instruction."""
        return Ability.EDIT in self.abilities
