"""Trains the upscalers that ship: a folder of networks that spandrel loads.

    python -m server.starter.train_upscalers --budget 40m --work DIR --out DIR

Emoji are wanted in the work folder as for `train`; photographs to learn from in
DIR/photos, others to be judged with in DIR/test-photos. An interrupted training is
resumed, and with a larger budget it goes on.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch

from . import device, enlarging, pool, upscalers, vae
from .checkpoint import Pace, Place
from .objects import SpriteSource
from .scenes import Pixels, Placing, backdrop, put
from .train import parse_budget, say
from .upscaler_card import card
from .upscalers import Course, Gain, Shape

PHOTOS = "photos"
TEST_PHOTOS = "test-photos"

ICONS = 40
"""Held-out sprites that are judged with."""


@dataclass(frozen=True)
class Settings:
    """The whole training."""

    shapes: tuple[Shape, ...] = (Shape(2, share=0.45), Shape(4, side=32, share=0.55))
    """A later one begins with the layers of the one before."""
    sprites: str = "emoji"
    pictures: int = 2000
    side: int = 256
    """Of the painted pictures, in pixels."""
    steps: int | None = None
    """Steps of every network in place of a time budget; what the toy uses."""


FULL = Settings()

TOY = Settings(
    shapes=(Shape(2, 8, 2, side=12, batch=2), Shape(4, 8, 2, side=8, batch=2)),
    sprites="drawn",
    pictures=6,
    side=48,
    steps=3,
)


def run(
    settings: Settings, folder: Path, out: Path, seconds: float, on: torch.device
) -> list[Gain]:
    """Trains what is not trained yet, writes the networks and tells what they gain."""
    sprites = pool.sprites(settings.sprites, folder)
    path = folder / "upscaling.npy"
    painted = enlarging.paint(path, sprites, settings.side, settings.pictures)
    source = enlarging.Source(painted, list(vae.photographs(folder / PHOTOS).values()))
    photos, icons = vae.photographs(folder / TEST_PHOTOS), unseen_icons(sprites, settings.side)
    gains: list[Gain] = []
    network = None
    for shape in settings.shapes:
        place = Place(folder / f"{shape.name}.pt", say)
        course = Course(source, Pace(seconds * shape.share, settings.steps), place, on)
        network = upscalers.learn(shape, course, network)
        upscalers.write(network, shape, out)
        gains.append(upscalers.gain(network, shape.scale, photos, icons))
        say(str(gains[-1]))
    figures = json.dumps([asdict(gain) for gain in gains], indent=1)
    (folder / "upscaling-figures.json").write_text(figures, encoding="utf-8")
    (out / "README.md").write_text(card(settings.shapes, gains), encoding="utf-8")
    return gains


def unseen_icons(sprites: SpriteSource, side: int) -> list[Pixels]:
    """Held-out sprites, each on a backdrop of its own: side x side x 3 each."""
    icons = []
    for number, code in enumerate(enlarging.held_out(sprites)[:ICONS]):
        ground, _ = backdrop(np.random.default_rng([23, number]), side)
        icon = put(ground, sprites.other(code), Placing(0.85, 0.5, 0.5), shadow=0.3)
        icons.append(np.clip(np.rint(icon), 0, 255).astype(np.uint8))
    return icons


def main(arguments: list[str] | None = None) -> int:
    """Reads the command line and trains."""
    parser = argparse.ArgumentParser(
        prog="python -m server.starter.train_upscalers",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--work", type=Path, required=True, help="folder of caches, checkpoints")
    parser.add_argument("--out", type=Path, help="where the networks go; WORK/upscalers")
    parser.add_argument("--budget", default="40m", help="for both: 90s, 20m or 2h")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N")
    parser.add_argument("--toy", action="store_true", help="tiny sizes, a few seconds, no download")
    given = parser.parse_args(arguments)
    run(
        TOY if given.toy else FULL,
        given.work.resolve(),
        given.out or given.work / "upscalers",
        parse_budget(given.budget),
        device.choose(given.device),
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
