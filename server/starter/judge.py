"""Tells how well the starter obeys: a classifier that never saw a generated picture."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from diffusers import DPMSolverMultistepScheduler, StableDiffusionPipeline
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from torch import Tensor, nn
from torch.nn import functional

from . import checkpoint, vae
from .captions import with_article
from .checkpoint import Pace, Place, learning_rate, set_learning_rate
from .latents import Latents
from .objects import THINGS
from .scenes import COLOURS, NO_THING, Pixels
from .settings import Sampling

PLAIN_COLOURS = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "white", "black")
"""Backdrop colours that the report asks for: those that nobody confuses with a neighbour."""

BATCH = 64

LABEL_HEIGHT = 14


class Judge(nn.Module):
    """A small convolutional classifier of latents: batch x 4 x height x width to things."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            *_block(vae.CHANNELS, 64, 1),
            *_block(64, 96, 2),
            *_block(96, 128, 1),
            *_block(128, 192, 2),
            nn.AdaptiveAvgPool2d(2),
            nn.Flatten(),
            nn.Dropout(0.2),
            nn.Linear(192 * 4, len(THINGS)),
        )

    def forward(self, latents: Tensor) -> Tensor:
        """Returns batch x things scores."""
        answer: Tensor = self.layers(latents)
        return answer


@dataclass(frozen=True)
class Figures:
    """Shares from 0 to 1 over all things and seeds."""

    top1: float
    top5: float
    backdrop: float
    ceiling_top1: float
    """What the judge says of held-out scenes after going through the autoencoder once more."""
    sureness: float
    """Mean probability that the judge gives what was asked for."""
    ceiling_sureness: float
    pictures: int
    by_thing: dict[str, float]


def train(lessons: Latents | None, pace: Pace, place: Place) -> Judge:
    """Trains the judge on painted scenes, or reads the one that is done.

    Raises:
        FileNotFoundError: There is nothing to learn from, and none is done.
    """
    torch.manual_seed(10)
    judge = Judge()
    kept = checkpoint.load(place.path)
    if kept:
        judge.load_state_dict(kept["model"])
        return judge.eval()
    if lessons is None:
        raise FileNotFoundError(place.path)
    shown = lessons.things != NO_THING
    values, things = lessons.values[shown].float(), lessons.things[shown]
    optimizer = torch.optim.AdamW(judge.parameters(), 3e-3, weight_decay=0.02)
    random = torch.Generator().manual_seed(11)
    pace.start()
    while pace.fraction < 1:
        rate = learning_rate(3e-3, pace.done, pace.fraction, warm_steps=50, flat=0.0)
        set_learning_rate(optimizer, rate)
        rows = torch.randint(len(values), (BATCH,), generator=random)
        shift = [int(step) for step in torch.randint(-1, 2, (2,), generator=random)]
        shown_now = torch.roll(values[rows], shift, (2, 3))
        shown_now = shown_now + 0.15 * torch.randn(shown_now.shape, generator=random)
        loss = functional.cross_entropy(judge(shown_now), things[rows], label_smoothing=0.05)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        pace.tick()
    checkpoint.save(place.path, {"model": judge.state_dict()})
    place.report(f"judge done {pace.done} steps")
    return judge.eval()


@torch.no_grad()
def top(judge: Judge, latents: Tensor, things: Tensor, count: int) -> Tensor:
    """Whether the wanted thing is among the judge's `count` first, one truth value per latent."""
    scores = judge(latents.float())
    hit: Tensor = (scores.topk(count, 1).indices == things[:, None]).any(1)
    return hit


def prompts(seeds: int) -> list[tuple[int, str, int]]:
    """All things x seeds: the thing, the backdrop colour asked for, and the seed."""
    return [
        (thing, PLAIN_COLOURS[(thing * 2 + seed * 5) % len(PLAIN_COLOURS)], seed)
        for seed in range(seeds)
        for thing in range(len(THINGS))
    ]


@torch.no_grad()
def sureness(judge: Judge, latents: Tensor, things: Tensor) -> float:
    """The mean probability that the judge gives the wanted things."""
    chances = judge(latents.float()).softmax(1)
    return float(chances.gather(1, things[:, None]).mean())


def shrunk(picture: Pixels, side: int) -> Pixels:
    """The picture as the judge knows pictures: side x side x 3."""
    if len(picture) == side:
        return picture
    how = Image.Resampling.BOX if len(picture) % side == 0 else Image.Resampling.LANCZOS
    return np.asarray(Image.fromarray(picture).resize((side, side), how))


def generate(
    pipe: StableDiffusionPipeline,
    lines: list[str],
    seeds: list[int],
    sampling: Sampling,
    side: int | None = None,
) -> Pixels:
    """Makes a picture for each line, with DPM++ 2M and at the native side unless another is given.

    Returns:
        pictures x side x side x 3.
    """
    pipe.scheduler = DPMSolverMultistepScheduler.from_config(pipe.scheduler.config)
    pipe.set_progress_bar_config(disable=True)
    made: list[NDArray[np.uint8]] = []
    for start in range(0, len(lines), sampling.batch):
        part = slice(start, start + sampling.batch)
        pictures = pipe(
            lines[part],
            num_inference_steps=sampling.steps,
            guidance_scale=sampling.guidance,
            generator=[torch.Generator().manual_seed(seed) for seed in seeds[part]],
            height=side,
            width=side,
        ).images
        made.extend(np.asarray(picture) for picture in pictures)
    return np.stack(made)


def figures(
    judge: Judge, pipe: StableDiffusionPipeline, held_out: Latents, sampling: Sampling
) -> tuple[Figures, Pixels]:
    """Judges all things x seeds on plain backdrops.

    The pictures are made at the native side and judged at that of the held-out scenes.

    Returns:
        The figures, and the pictures as they were judged.
    """
    wanted = prompts(sampling.seeds)
    lines = [
        f"{with_article(THINGS[thing].name)} on {with_article(f'{colour} background')}"
        for thing, colour, _ in wanted
    ]
    pixels = generate(pipe, lines, [seed * 1000 + thing for thing, _, seed in wanted], sampling)
    things = torch.tensor([thing for thing, _, _ in wanted])
    side = held_out.values.shape[-1] * vae.PATCH
    small = np.stack([shrunk(picture, side) for picture in pixels])
    latents = vae.encode(pipe.vae, small)
    right = top(judge, latents, things, 1)
    backdrops = [
        backdrop_colour(picture) == colour
        for picture, (_, colour, _) in zip(pixels, wanted, strict=True)
    ]
    shown = held_out.things != NO_THING
    # Painted scenes that went the same way, through decoder and encoder: the best to hope for.
    again = vae.encode(
        pipe.vae, vae.to_pixels(vae.decode(pipe.vae, held_out.values[shown].float()))
    )
    found = Figures(
        top1=float(right.float().mean()),
        top5=float(top(judge, latents, things, 5).float().mean()),
        backdrop=float(np.mean(backdrops)),
        ceiling_top1=float(top(judge, again, held_out.things[shown], 1).float().mean()),
        sureness=sureness(judge, latents, things),
        ceiling_sureness=sureness(judge, again, held_out.things[shown]),
        pictures=len(pixels),
        by_thing={
            thing.name: float(right[things == number].float().mean())
            for number, thing in enumerate(THINGS)
        },
    )
    return found, small


def backdrop_colour(pixels: Pixels) -> str:
    """The asked-for colour nearest to the median of the picture's rim."""
    rim = max(2, len(pixels) // 20)
    edges = (pixels[:rim], pixels[-rim:], pixels[:, :rim], pixels[:, -rim:])
    middle = np.median(np.concatenate([edge.reshape(-1, 3) for edge in edges]), axis=0)
    distances = {name: math.dist(middle, COLOURS[name]) for name in PLAIN_COLOURS}
    return min(distances, key=lambda name: distances[name])


def all_things(pixels: Pixels) -> Image.Image:
    """A sheet of one judged picture of every thing, with its name."""
    return contact_sheet(pixels[: len(THINGS)], [thing.name for thing in THINGS], 12)


def contact_sheet(pixels: Pixels, labels: list[str], columns: int) -> Image.Image:
    """Lays pictures out in rows with a line of text below each."""
    side = pixels.shape[1]
    rows = -(-len(pixels) // columns)
    sheet = Image.new("RGB", (columns * side, rows * (side + LABEL_HEIGHT)), "white")
    draw = ImageDraw.Draw(sheet)
    for number, (picture, label) in enumerate(zip(pixels, labels, strict=True)):
        left, upper = number % columns * side, number // columns * (side + LABEL_HEIGHT)
        sheet.paste(Image.fromarray(picture), (left, upper))
        draw.text((left + 2, upper + side + 1), label, fill="black")
    return sheet


def _block(entering: int, leaving: int, stride: int) -> tuple[nn.Module, nn.Module, nn.Module]:
    return (
        nn.Conv2d(entering, leaving, 3, stride, 1, bias=False),
        nn.BatchNorm2d(leaving),
        nn.ReLU(inplace=True),
    )
