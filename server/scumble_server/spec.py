"""What the rest of the server may know of a diffusion model: its needs, never its name."""

from __future__ import annotations

from dataclasses import dataclass

from scumble_protocol.choices import Sampler, Schedule
from scumble_protocol.messages import Ability


@dataclass(frozen=True)
class Weights:
    """What a model's files hold.

    Args:
        bytes: Their size.
        values: Numbers that are brought to the type that the device calculates in.
        packed: Bytes of what stays as it is: weights that are quantised.
    """

    bytes: int = 0
    values: int = 0
    packed: int = 0

    def __add__(self, other: Weights) -> Weights:
        return Weights(
            self.bytes + other.bytes, self.values + other.values, self.packed + other.packed
        )


@dataclass(frozen=True)
class ModelSpec:
    """The needs and habits of a model, read from its files.

    Args:
        family: For people (`sd1`, `sd2`, `sdxl`); never compared.
        native_side: The side in pixels of the square pictures that it was trained on.
        min_side: Shortest working side in pixels that still gives a picture.
        max_side: Longest working side in pixels.
        max_pixels: Most pixels of a working size.
        multiple: Working sides are multiples of this many pixels, so that every level of the UNet
            has whole, even sizes.
        latent_channels: Channels of a latent.
        latent_scale: Pixels per latent, along each side.
        unet_channels: Channels that the UNet reads; `2 * latent_channels + 1` when it was trained
            for inpainting (latent, mask, masked picture).
        prediction: What the UNet predicts, in diffusers' words: `epsilon`, `v_prediction`,
            `sample` or `flow`.
        bytes: Size of all weights on disk.
        steps: Recommended steps.
        cfg: Recommended guidance scale.
        sampler: Recommended sampler.
        schedule: Recommended schedule.
        abilities: What the model can be asked for beyond a prompt, a mask and a strength.
        samplers: Those that it runs with.
        schedules: Likewise.
        weights: What there is to be kept in memory, if known.
        decoder_width: Channels of the VAE's decoder at full size, 0 if not known.
        reuse: How little of itself a transformer's first block may have changed since the last step
            for what the others made then to be taken again; 0 for never.
        fast: In which numbers its denoiser calculates so as to be quicker; empty for its own.
        base: What must be in `ModelInfo.fits` of what is added to it; empty if nothing can be.
    """

    family: str
    native_side: int
    min_side: int
    max_side: int
    max_pixels: int
    multiple: int
    latent_channels: int
    latent_scale: int
    unet_channels: int
    prediction: str
    bytes: int
    steps: int
    cfg: float
    sampler: Sampler
    schedule: Schedule
    base: str = ""
    abilities: tuple[Ability, ...] = ()
    samplers: tuple[Sampler, ...] = ()
    schedules: tuple[Schedule, ...] = tuple(Schedule)
    weights: Weights = Weights()
    decoder_width: int = 0
    reuse: float = 0.0
    fast: str = ""

    @property
    def inpaint(self) -> bool:
        """Whether the UNet also reads the mask and the masked picture."""
        return self.unet_channels == 2 * self.latent_channels + 1
