"""Networks that enlarge pictures: their training, and what they gain over Lanczos.

They are of Real-ESRGAN's compact kind (SRVGG), which spandrel knows by the weights. They learn to
undo a clean reduction, for fidelity alone: they invent nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors.torch import save_file
from spandrel.architectures.Compact import Compact
from torch import Tensor

from . import checkpoint, device, enlarging, vae
from .checkpoint import Pace, Place, learning_rate, set_learning_rate
from .enlarging import Pairs, Source
from .scenes import Pixels

CHECKPOINT_SECONDS = 120.0

EDGES = 0.1
"""Weight of the error's slopes beside the error itself: a little more sharpness for it."""


@dataclass(frozen=True)
class Shape:
    """One network."""

    scale: int
    features: int = 32
    convolutions: int = 10
    side: int = 40
    """Pixels of a small picture's side in training."""
    batch: int = 12
    rate: float = 1e-3
    share: float = 0.5
    """Part of the time budget."""

    @property
    def name(self) -> str:
        """The file's name without its ending, which is the model's id in Scumble."""
        return f"starter-{self.scale}x"


@dataclass(frozen=True)
class Gain:
    """What an upscaler wins over Lanczos on pictures that it never saw, in decibels."""

    scale: int
    photos: dict[str, float]
    icons: float
    """Mean over the held-out sprites."""

    @property
    def mean_of_photos(self) -> float:
        """The mean over the photographs."""
        return float(np.mean(list(self.photos.values()))) if self.photos else math.nan


def make(shape: Shape) -> Compact:
    """Builds an untrained network."""
    torch.manual_seed(30 + shape.scale)
    return Compact(num_feat=shape.features, num_conv=shape.convolutions, upscale=shape.scale)


@dataclass(frozen=True)
class Course:
    """How one network is trained."""

    source: Source
    pace: Pace
    place: Place
    on: torch.device


def learn(shape: Shape, course: Course, begun: Compact | None = None) -> Compact:
    """Trains or goes on training a network.

    Args:
        shape: The network.
        course: What it learns from, how long, and where.
        begun: A trained network of another scale, whose layers but the last it begins with.
    """
    network, pace, place = make(shape), course.pace, course.place
    if begun is not None:
        _take_over(network, begun)
    network = network.to(course.on, memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(network.parameters(), shape.rate, betas=(0.9, 0.99), fused=True)
    kept = checkpoint.load(place.path)
    if kept:
        network.load_state_dict(kept["model"])
        optimizer.load_state_dict(kept["optimizer"])
        pace.restore(kept["pace"])
    due = pace.spent + CHECKPOINT_SECONDS
    losses: list[float] = []
    pace.start()
    while (fraction := pace.fraction) < 1:
        rate = learning_rate(shape.rate, pace.done, fraction, warm_steps=100, flat=0.3)
        set_learning_rate(optimizer, rate)
        losses.append(_step(network, optimizer, _pairs(shape, course)))
        pace.tick()
        if pace.spent > due or pace.fraction >= 1:
            due = pace.spent + CHECKPOINT_SECONDS
            state = {
                "model": network.state_dict(),
                "optimizer": optimizer.state_dict(),
                "pace": pace.state(),
            }
            checkpoint.save(place.path, state)
            place.report(f"{shape.name} step {pace.done} {fraction:.0%} loss {np.mean(losses):.4f}")
            losses.clear()
    return network.cpu().eval().requires_grad_(requires_grad=False)


def gain(network: Compact, scale: int, photos: dict[str, Pixels], icons: list[Pixels]) -> Gain:
    """Compares with Lanczos on photographs and icons that were made small with bicubic."""
    return Gain(
        scale,
        {name: won(network, scale, photo) for name, photo in photos.items()},
        float(np.mean([won(network, scale, icon) for icon in icons])) if icons else math.nan,
    )


@torch.no_grad()
def won(
    network: Compact,
    scale: int,
    picture: Pixels,
    how: Image.Resampling = Image.Resampling.BICUBIC,
) -> float:
    """Decibels by which the network comes nearer to the picture than Lanczos does."""
    height, width = (length // scale * scale for length in picture.shape[:2])
    large = picture[:height, :width]
    small = enlarging.reduced(large, scale, how)
    made = network(enlarging.to_tensor(small[None]))
    plain = Image.fromarray(small).resize((width, height), Image.Resampling.LANCZOS)
    return decibels(vae.to_pixels(made * 2 - 1)[0], large) - decibels(np.asarray(plain), large)


def decibels(one: Pixels, other: Pixels) -> float:
    """Peak signal-to-noise ratio of all three channels together."""
    error = np.square(one.astype(np.float64) - other).mean()
    return float(10 * math.log10(255**2 / max(error, 1e-9)))


def write(network: Compact, shape: Shape, folder: Path) -> Path:
    """Writes the weights in half precision, which spandrel makes single again."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{shape.name}.safetensors"
    save_file(
        {name: value.half().contiguous() for name, value in network.state_dict().items()}, path
    )
    path.chmod(0o644)  # safetensors lets nobody else read it
    return path


def _take_over(network: Compact, begun: Compact) -> None:
    """Copies every layer but the last, whose size depends on the scale."""
    last = len(network.body) - 1
    own, other = network.state_dict(), begun.state_dict()
    copied = {name: other[name] for name in own if not name.startswith(f"body.{last}.")}
    network.load_state_dict(own | copied)


def _pairs(shape: Shape, course: Course) -> Pairs:
    pairs = course.source.pairs(
        course.pace.done, scale=shape.scale, side=shape.side, count=shape.batch
    )
    return Pairs(pairs.small.to(course.on), pairs.large.to(course.on))


def _step(network: Compact, optimizer: torch.optim.Optimizer, pairs: Pairs) -> float:
    with device.mixed_precision(pairs.small.device):
        made = network(pairs.small).float()
    loss = _loss(made, pairs.large)
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(network.parameters(), 0.5)
    optimizer.step()
    return float(loss.detach())


def _loss(made: Tensor, wanted: Tensor) -> Tensor:
    error = made - wanted
    return error.abs().mean() + EDGES * vae.gradients(error)
