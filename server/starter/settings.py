"""Every size and rate of the training as frozen values: the real ones, and a toy's."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class VaeSettings:
    """The autoencoder: 8 times smaller, 4 channels."""

    width: int = 32
    pictures: int = 6000
    batch: int = 8
    crop: int = 64
    rate: float = 1.2e-3
    photos: float = 0.3
    """Share of crops that come from photographs, where there are any."""
    blocks: int = 3
    """Residual blocks per resolution."""


@dataclass(frozen=True)
class TextSettings:
    """Tokenizer and CLIP text encoder."""

    vocabulary: int = 1536
    length: int = 32
    """Tokens of a prompt, start and end included; longer prompts are cut."""
    width: int = 192
    layers: int = 3
    heads: int = 6
    batch: int = 64
    rate: float = 1e-3
    corpus: int = 20_000
    """Captions that the vocabulary is learned from."""


@dataclass(frozen=True)
class UnetSettings:
    """The denoiser at one side of the pictures, by default the smaller one."""

    channels: tuple[int, ...] = (64, 128, 192)
    scenes: int = 24_000
    batch: int = 16
    """Samples of one process's step."""
    apart: int = 8
    """Steps between two averagings of the weights, where several processes train."""
    rate: float = 8e-4
    flat: float = 0.5
    """Part of the stage at the full rate; a half cosine follows."""
    average: float = 0.9993
    """Decay of the moving average of the weights at every step."""
    text_dropout: float = 0.1
    pure_noise: float = 0.04
    """Share of samples that begin from noise without any signal, as a sampler does."""
    earliness: float = 0.7
    """Below 1 more samples come from noisy timesteps, where shapes are decided."""
    checkpoint_seconds: float = 180.0


@dataclass(frozen=True)
class Sampling:
    """How the judged pictures are made."""

    sampler: str = "dpmpp_2m"
    """By the protocol's name; the judge uses diffusers' class of it."""
    steps: int = 15
    guidance: float = 4.0
    seeds: int = 4
    batch: int = 12


@dataclass(frozen=True)
class Settings:
    """One training from nothing to a folder that diffusers loads."""

    side: int = 128
    """Side in pixels of the pictures that everything is first learned from, and judged at."""
    native_side: int = 256
    """Side in pixels of the pictures that the denoiser is made for in the end."""
    sprites: str = "emoji"
    vae: VaeSettings = field(default_factory=VaeSettings)
    decoder: VaeSettings = field(default_factory=lambda: VaeSettings(rate=6e-4, photos=0.4))
    """How the decoder alone goes on; its shape is that of `vae`."""
    text: TextSettings = field(default_factory=TextSettings)
    unet: UnetSettings = field(default_factory=UnetSettings)
    native: UnetSettings = field(
        default_factory=lambda: UnetSettings(
            scenes=6_000,
            batch=8,
            rate=3e-4,
            flat=0.3,
            average=0.998,
            # The same noise hides less of a larger picture, so shapes are decided earlier there.
            pure_noise=0.06,
            earliness=0.5,
        )
    )
    """How the denoiser goes on at the native side; its channels are those of `unet`."""
    sampling: Sampling = field(default_factory=Sampling)
    judge_scenes: int = 8_000
    shares: tuple[float, ...] = (0.08, 0.06, 0.02, 0.51, 0.3, 0.03)
    """How a time budget is divided among the stages of `train.STAGES`."""
    steps: int | None = None
    """Steps of every stage in place of a time budget; what the toy uses."""


FULL = Settings()

TOY = Settings(
    side=64,
    native_side=96,
    sprites="drawn",
    vae=VaeSettings(width=8, pictures=24, batch=2, crop=32, blocks=1),
    decoder=VaeSettings(width=8, batch=2, crop=32, blocks=1),
    text=TextSettings(vocabulary=900, length=24, width=32, layers=1, heads=2, batch=8, corpus=200),
    unet=UnetSettings(channels=(16, 32), scenes=32, batch=4, checkpoint_seconds=0.0),
    native=UnetSettings(scenes=16, batch=2, checkpoint_seconds=0.0),
    sampling=Sampling(steps=2, seeds=1),
    judge_scenes=64,
    steps=4,
)
