"""Measures what the starter can do, as a painter uses it: through the server's own jobs.

    python -m server.starter.measure --work DIR --model DIR --only sketches,inpaint

The judge and its caches are those of `train`, in the work folder. Figures go to
DIR/measured.json and the model's card, sheets to look at into DIR/sheets.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from diffusers import StableDiffusionInpaintPipeline, StableDiffusionPipeline
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from scumble_server.sampling.samplers import samplers_for

from . import judge, rim, vae
from .captions import with_article
from .card import FIGURES, MEASURED, write_card
from .checkpoint import Pace, Place
from .desk import Desk, Order
from .export import read
from .objects import THINGS
from .pool import painter
from .scenes import Painter, Pixels, backdrop
from .settings import FULL, TOY, Sampling
from .sketches import sketches
from .train import HELD_OUT_SEED, say

Figures = dict[str, float]

NAMES = tuple(thing.name for thing in THINGS)

EVERYDAY = {
    "a shiny red apple, studio light": "apple",
    "my cute little puppy": "dog",
    "a photo of a kitten on a lawn": "cat",
    "a tasty cheeseburger on a wooden table": "hamburger",
    "a cup of tea at sunset": "cup of coffee",
    "birthday present, highly detailed": "gift",
    "a rocket at night": "rocket",
    "an old sailing boat on the sea": "sailboat",
    "the football on grass": "soccer ball",
    "a happy bunny in a meadow": "rabbit",
    "red toadstool, digital art": "mushroom",
    "a beautiful sunflower under a blue sky": "sunflower",
    "a green car on a rainy day": "car",
    "a snowman in the snow": "snowman",
    "golden crown, sharp focus": "crown",
    "coconut palm on a beach": "palm tree",
    "a purple balloon": "balloon",
    "glazed donut on a pink background": "doughnut",
    "a house under a night sky": "house",
    "a slice of pizza on a table": "pizza",
    "two cherries, watercolour": "cherries",
    "wise owl in the dark": "owl",
    "a goldfish in the water": "fish",
    "a ladybird on a green field": "ladybug",
}
"""What people write, and the thing they mean."""

STRANGE = (
    "zxqv wolpertinger", "a bicycle", "a dragon breathing fire", "the eiffel tower", "an elephant",
    "a violin on a chair", "quantum entanglement", "ein Haus am See", "asdf", "1234567890",
    "a man with a hat", "love", "a tiger, oil painting", "a castle in the clouds", "🦄",
    "spaghetti with meatballs", "a rusty old typewriter on a desk", "un perro y un gato",
    "nothing at all", "a crowd of people in the street", "a piano", "lightning", "a waterfall",
    "best quality, masterpiece, 4k, highly detailed, sharp focus",
)  # fmt: skip
"""Prompts whose words the starter doesn't know."""

HOLE = 0.34
"""Radius of the hole in parts of the picture's side."""


@dataclass(frozen=True)
class Bench:
    """All that the measurements need."""

    desk: Desk
    pipe: StableDiffusionPipeline
    critic: judge.Judge
    painter: Painter
    side: int
    """Native side of the model."""
    folder: Path
    count: int
    """Most pictures of one measurement."""

    def latents(self, pictures: list[Pixels]) -> Tensor:
        """The pictures as the judge sees them."""
        small = [judge.shrunk(picture, self.painter.side) for picture in pictures]
        return vae.encode(self.pipe.vae, np.stack(small))

    def sheet(self, name: str, pictures: list[Pixels], labels: list[str], columns: int) -> None:
        """Keeps pictures to look at."""
        folder = self.folder / "sheets"
        folder.mkdir(exist_ok=True)
        judge.contact_sheet(np.stack(pictures), labels, columns).save(folder / f"{name}.png")


def autoencoder(bench: Bench) -> Figures:
    """Decibels on held-out scenes and photographs."""
    found: Figures = {}
    for side in sorted({bench.painter.side, bench.side}):
        own = Painter(bench.painter.sprites, side)
        scenes = np.stack([own.scene(HELD_OUT_SEED + seed).pixels for seed in range(32)])
        found[f"held-out scenes at {side}"] = vae.quality(bench.pipe.vae, scenes)
    for name, photo in vae.photographs(bench.folder / "test-photos").items():
        square = judge.shrunk(_middle(photo), 256)
        found[f"{name} at 256"] = vae.quality(bench.pipe.vae, square[None])
    return found


def things(bench: Bench) -> Figures:
    """Pictures from words alone, at the native side, half and twice of it, from diffusers."""
    found: Figures = {}
    wanted = _things(bench.count)
    lines = [
        f"{with_article(name)} on {with_article(f'{colour} background')}" for name, colour in wanted
    ]
    for side in (bench.side, bench.side // 2, bench.side * 2):
        some = slice(None, None, 4 if side > bench.side else 1)
        made = judge.generate(
            bench.pipe, lines[some], list(range(len(lines)))[some], Sampling(batch=4), side
        )
        pictures = list(made)
        found |= _told(bench, f"things at {side}", pictures, [name for name, _ in wanted[some]])
        right = [
            judge.backdrop_colour(picture) == colour
            for picture, (_, colour) in zip(pictures, wanted[some], strict=True)
        ]
        found[f"things at {side}, backdrop"] = float(np.mean(right))
    return found


def few_steps(bench: Bench) -> Figures:
    """Four steps without guidance, by sampler."""
    found: Figures = {}
    wanted = _things(bench.count)
    for sampler in samplers_for("epsilon"):
        order = Order("", steps=4, cfg=1.0, sampler=sampler)
        pictures = _made(bench, wanted, order, bench.side)
        names = [name for name, _ in wanted]
        found |= _told(bench, f"4 steps, {sampler.value}", pictures, names)
    return found


def words(bench: Bench) -> Figures:
    """Every other word for every thing, and everyday prompts."""
    pairs = [(word, thing.name) for thing in THINGS for word in thing.words][: bench.count * 4]
    pictures = [
        _picture(bench, with_article(word), number) for number, (word, _) in _counted(pairs)
    ]
    found = _told(bench, "other words", pictures, [name for _, name in pairs])
    everyday = list(EVERYDAY.items())[: bench.count]
    pictures = [_picture(bench, line, number) for number, (line, _) in _counted(everyday)]
    return found | _told(bench, "everyday prompts", pictures, [name for _, name in everyday])


def strangers(bench: Bench) -> Figures:
    """Unknown words: whether the pictures are as smooth, as varied and as sure as painted ones.

    A picture is plausible when its roughness (mean difference of neighbouring pixels), its contrast
    and the root mean square of its latents lie where 98 of 100 painted scenes lie, a tenth more to
    either side; noise of the same contrast does not.
    """
    own = Painter(bench.painter.sprites, bench.side)
    scenes = [own.scene(HELD_OUT_SEED + seed).pixels for seed in range(96)]
    low, high = np.percentile([_statistics(bench, scene) for scene in scenes], (1, 99), axis=0)
    lines = STRANGE[: bench.count]
    pictures = [_picture(bench, line, number) for number, line in enumerate(lines)]
    bench.sheet("strangers", pictures, list(lines), 8)

    def share(shown: list[Pixels]) -> float:
        values = np.array([_statistics(bench, picture) for picture in shown])
        return float(((values >= low * 0.9) & (values <= high * 1.1)).all(1).mean())

    random = np.random.default_rng(5)
    noise = [
        np.clip(random.normal(128, 50, picture.shape), 0, 255).astype(np.uint8)
        for picture in pictures
    ]
    return {
        "unknown words, plausible": share(pictures),
        "unknown words, pictures": len(pictures),
        "noise, plausible": share(noise),
    }


def drawn(bench: Bench) -> Figures:
    """Fifty sketches in coloured blobs, at three strengths."""
    found: Figures = {}
    drawings = sketches(bench.side)[: bench.count]
    names = [drawing.thing for drawing in drawings]
    raw = [drawing.pixels for drawing in drawings]
    found |= _told(bench, "sketches as drawn", raw, names)
    for strength in (0.6, 0.7, 0.8):
        pictures = [
            bench.desk.over(drawing.pixels, Order(drawing.prompt, strength, seed=number))
            for number, drawing in enumerate(drawings)
        ]
        found |= _told(bench, f"sketches, strength {strength}", pictures, names)
        moved = [_drift(*pair) for pair in zip(pictures, raw, strict=True)]
        found[f"sketches, strength {strength}, mean change of colour"] = float(np.mean(moved))
    return found


def holes(bench: Bench) -> Figures:
    """A thing in a round hole of a backdrop, and the rim beside plain diffusers' inpainting."""
    side, centre, radius = bench.side, (bench.side / 2,) * 2, bench.side * HOLE
    rows, columns = np.mgrid[:side, :side] + 0.5
    hole = np.hypot(columns - centre[0], rows - centre[1]) <= radius
    selection = np.where(hole, np.uint8(255), np.uint8(0))
    wanted = [name for name, _ in _things(bench.count)]
    grounds = [_ground(side, number) for number in range(len(wanted))]
    found: Figures = {}
    plain = StableDiffusionInpaintPipeline(**bench.pipe.components, requires_safety_checker=False)
    plain.set_progress_bar_config(disable=True)

    def ours(number: int) -> Pixels:
        order = Order(with_article(wanted[number]), seed=number)
        return bench.desk.over(grounds[number], order, selection)

    def theirs(number: int) -> Pixels:
        return _inpainted(plain, grounds[number], selection, with_article(wanted[number]), number)

    def pasted(number: int) -> Pixels:
        return np.where(hole[..., None], theirs(number), grounds[number]).astype(np.uint8)

    # A rim is seen between the picture and what was made: where the thing itself ends there, the
    # step is its own outline, in all three alike.
    ways: dict[str, Callable[[int], Pixels]] = {
        "inpaint": ours, "inpaint, diffusers": theirs, "inpaint, diffusers pasted": pasted
    }  # fmt: skip
    for way, make in ways.items():
        pictures = [make(number) for number in range(len(wanted))]
        found |= _told(bench, way, pictures, wanted)
        for name, step in (("at the rim", rim.rim_step), ("worst to 14 px out", rim.worst_step)):
            values = [step(picture, centre, radius) for picture in pictures]
            found[f"{way}, step {name}"] = float(np.mean(values))
    untouched = [rim.rim_step(ground, centre, radius) for ground in grounds]
    return found | {"untouched, step at the rim": float(np.mean(untouched))}


def speed(bench: Bench) -> Figures:
    """Seconds of whole jobs at 256 x 256: the best of five."""
    orders = {
        "12 steps with guidance": Order("a cat", steps=12),
        "4 steps without": Order("a cat", steps=4, cfg=1.0),
    }
    found: Figures = {}
    for name, order in orders.items():
        times = []
        for seed in range(6):
            began = time.perf_counter()
            bench.desk.new(256, replace(order, seed=seed))
            times.append(time.perf_counter() - began)
        found[f"seconds, {name}, {torch.get_num_threads()} threads"] = min(times)
    return found


MEASUREMENTS: dict[str, Callable[[Bench], Figures]] = {
    "autoencoder": autoencoder,
    "things": things,
    "few": few_steps,
    "words": words,
    "strangers": strangers,
    "sketches": drawn,
    "inpaint": holes,
    "speed": speed,
}


def _things(count: int) -> list[tuple[str, str]]:
    """Things and the backdrops asked for with them."""
    return [(NAMES[thing], colour) for thing, colour, _ in judge.prompts(1)][:count]


def _made(bench: Bench, wanted: list[tuple[str, str]], order: Order, side: int) -> list[Pixels]:
    lines = [
        f"{with_article(name)} on {with_article(f'{colour} background')}" for name, colour in wanted
    ]
    return [
        bench.desk.new(side, replace(order, prompt=line, seed=number))
        for number, line in enumerate(lines)
    ]


def _picture(bench: Bench, line: str, seed: int) -> Pixels:
    return bench.desk.new(bench.side, Order(line, seed=seed))


def _told(bench: Bench, name: str, pictures: list[Pixels], wanted: list[str]) -> Figures:
    """What the judge says of pictures that show the wanted things, which are kept on a sheet."""
    latents = bench.latents(pictures)
    things = torch.tensor([NAMES.index(thing) for thing in wanted])
    right = judge.top(bench.critic, latents, things, 1).numpy()
    labels = [thing if hit else f"{thing} ?" for thing, hit in zip(wanted, right, strict=True)]
    bench.sheet(name.replace(", ", "-").replace(" ", "-"), pictures, labels, 10)
    found: Figures = {f"{name}, top-1": float(right.mean()), f"{name}, pictures": len(wanted)}
    found[f"{name}, sureness"] = judge.sureness(bench.critic, latents, things)
    return found


def _statistics(bench: Bench, picture: Pixels) -> tuple[float, float, float]:
    rough = np.abs(np.diff(picture.astype(np.float64), axis=0)).mean()
    rms = vae.encode(bench.pipe.vae, picture[None]).square().mean().sqrt()
    return float(rough), float(picture.std()), float(rms)


def _drift(made: Pixels, drawn_before: Pixels) -> float:
    """Mean change of colour in levels, of eighths of the picture: its layout, without detail."""
    before, after = (
        judge.shrunk(picture, 8).astype(np.float64) for picture in (drawn_before, made)
    )
    return float(np.abs(before - after).mean())


def _ground(side: int, number: int) -> Pixels:
    picture, _ = backdrop(np.random.default_rng([31, number]), side)
    return np.clip(np.rint(picture), 0, 255).astype(np.uint8)


def _inpainted(
    plain: StableDiffusionInpaintPipeline,
    ground: Pixels,
    selection: NDArray[np.uint8],
    prompt: str,
    seed: int,
) -> Pixels:
    side = len(ground)
    return np.asarray(
        plain(
            prompt,
            image=Image.fromarray(ground),
            mask_image=Image.fromarray(selection),
            height=side,
            width=side,
            strength=1.0,
            num_inference_steps=15,
            guidance_scale=4.0,
            generator=torch.Generator().manual_seed(seed),
        ).images[0]
    )


def _middle(photo: Pixels) -> Pixels:
    height, width = photo.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return np.ascontiguousarray(photo[top : top + side, left : left + side])


def _counted(pairs: list[tuple[str, str]]) -> list[tuple[int, tuple[str, str]]]:
    return list(enumerate(pairs))


def measure(bench: Bench, only: list[str]) -> Figures:
    """Does the measurements, keeps their figures beside earlier ones and tells them."""
    path = bench.folder / MEASURED
    kept: Figures = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    for name in only:
        found = MEASUREMENTS[name](bench)
        for figure, value in found.items():
            say(f"{figure}: {value:.3f}")
        kept |= found
        path.write_text(json.dumps(kept, indent=1), encoding="utf-8")
    return kept


def main(arguments: list[str] | None = None) -> int:
    """Reads the command line and measures."""
    parser = argparse.ArgumentParser(
        prog="python -m server.starter.measure",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--work", type=Path, required=True, help="folder of caches, checkpoints")
    parser.add_argument("--model", type=Path, help="the model's folder; WORK/model if not given")
    parser.add_argument("--only", default=",".join(MEASUREMENTS), help="which, with commas between")
    parser.add_argument("--side", type=int, default=0, help="of the pictures, in pixels")
    parser.add_argument("--count", type=int, default=50, help="most pictures of one figure")
    parser.add_argument("--toy", action="store_true", help="for what --toy trained")
    given = parser.parse_args(arguments)
    settings = TOY if given.toy else FULL
    work, model = given.work.resolve(), given.model or given.work / "model"
    bench = Bench(
        desk=Desk(model),
        pipe=read(model),
        critic=judge.train(None, Pace(0.0), Place(work / "judge.pt", say)),
        painter=painter(settings.sprites, work, settings.side),
        side=given.side or settings.native_side,
        folder=work,
        count=given.count,
    )
    bench.pipe.set_progress_bar_config(disable=True)
    measure(bench, given.only.split(","))
    if (work / FIGURES).is_file():
        write_card(settings, work, model)
    return 0


if __name__ == "__main__":
    sys.exit(main())
