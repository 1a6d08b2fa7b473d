"""Trains the starter from nothing to a folder that diffusers loads, stage after stage.

    python -m server.starter.train --budget 120m --device auto --work DIR --out DIR

Every stage keeps what it made in the work folder and goes on from there when it is called again:
an interrupted training is resumed, and with a larger budget the denoiser is trained further.
The emoji are wanted in the work folder (npm install --no-save @lobehub/fluent-emoji-3d@1.1.0
emojibase-data@17.0.0); photographs in DIR/photos, if there are any, are shown to the autoencoder.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderTiny, UNet2DConditionModel
from numpy.typing import NDArray
from transformers import CLIPTextModel, CLIPTokenizer

from . import checkpoint, company, device, export, judge, latents, pool, text, unet, vae
from .card import Measured, card
from .checkpoint import Pace, Place
from .scenes import Painter
from .settings import FULL, TOY, Settings

JUDGE_SEED = 5_000_000
"""First seed of the judge's own scenes; the denoiser's begin at 0."""

HELD_OUT_SEED = 10_000_000
"""First seed of the scenes that nothing is trained on."""

STAGES = ("vae", "text", "unet", "judge")
"""The stages that take time; those left out are read as far as they have come."""


@dataclass(frozen=True)
class Work:
    """One training: its settings, its folder, its budget and the machine's part in it."""

    settings: Settings
    folder: Path
    seconds: float
    device: torch.device
    processes: int = 1
    stages: tuple[str, ...] = STAGES

    def report(self, line: str) -> None:
        """Prints a line of progress with the time of day."""
        sys.stdout.write(f"{time.strftime('%H:%M:%S')} {line}\n")
        sys.stdout.flush()

    def pace(self, stage: str) -> Pace:
        """The stage's part of the budget; nothing for a stage that is left out."""
        if stage not in self.stages:
            return Pace(0.0)
        share = self.settings.shares[STAGES.index(stage)]
        return Pace(self.seconds * share, self.settings.steps)

    def place(self, stage: str) -> Place:
        """Where the stage's checkpoint lies."""
        return Place(self.folder / f"{stage}.pt", self.report)

    def painter(self) -> Painter:
        """Paints the scenes of this training."""
        return pool.painter(self.settings.sprites, self.folder, self.settings.side)

    def held_out(self, count: int = 32) -> NDArray[np.uint8]:
        """Scenes that nothing is trained on."""
        painter = self.painter()
        return np.stack([painter.scene(HELD_OUT_SEED + seed).pixels for seed in range(count)])


def autoencoder(work: Work) -> AutoencoderTiny:
    """Trains the autoencoder, or reads the one that is done."""
    pictures = work.folder / "clutter.npy"
    pool.write_clutter(pictures, work.painter(), work.settings.vae.pictures, work.processes)
    photos = vae.photographs(work.folder / "photos")
    crops = vae.Crops(np.load(pictures, mmap_mode="r"), photos, work.settings.vae)
    return vae.train(crops, work.held_out(), work.pace("vae"), work.place("vae"), work.device)


def words(work: Work) -> tuple[CLIPTokenizer, CLIPTextModel]:
    """Makes the tokenizer and trains the text encoder, or reads those that are done."""
    settings = work.settings.text
    folder = work.folder / "tokenizer"
    if not folder.is_dir():
        text.make_tokenizer(text.corpus(0, settings.corpus), settings).save_pretrained(folder)
    tokenizer = CLIPTokenizer.from_pretrained(folder)
    encoder = text.train(settings, tokenizer, work.pace("text"), work.place("text"), work.device)
    return tokenizer, encoder


def denoiser(work: Work, maker: latents.Maker, encoder: CLIPTextModel) -> UNet2DConditionModel:
    """Trains the denoiser or goes on training it, and returns its average so far."""
    if "unet" in work.stages:
        latents.cached(work.folder / "latents", maker, 0, work.settings.unet.scenes)
        company.run(_denoise, work.processes if work.device.type == "cpu" else 1, work)
    network = unet.make(
        work.settings.unet,
        latent_side=work.settings.side // vae.PATCH,
        text_width=encoder.config.hidden_size,
    )
    return unet.read_average(network, work.place("unet").path)


def _denoise(rank: int, size: int, meeting: str, work: Work) -> None:
    """One process of the denoiser's training; all it needs lies in the work folder by now."""
    if size > 1:
        torch.set_num_threads(1)
    settings = work.settings.unet
    tokenizer, encoder = words(work)
    lessons = latents.cached(work.folder / "latents", None, 0, settings.scenes)
    student = unet.make_student(
        settings, encoder, latent_side=work.settings.side // vae.PATCH, device=work.device
    )
    teacher = unet.Teacher(lessons, text.tokens(tokenizer, [""])[0], settings)
    with company.joined(rank, size, meeting) as others:
        unet.train(student, teacher, work.pace("unet"), work.place("unet"), others)


def run(work: Work, out: Path) -> judge.Figures:
    """Trains what is not trained yet, writes the model to `out` and judges what was written."""
    model = autoencoder(work)
    tokenizer, encoder = words(work)
    maker = latents.Maker(work.painter(), model, tokenizer, work.processes)
    network = denoiser(work, maker, encoder)
    parts = export.Parts(model.cpu(), tokenizer, encoder.cpu(), network)
    export.write(parts, work.settings, out)
    work.report(f"wrote {out}: {export.megabytes(out):.1f} MB")
    own = latents.cached(work.folder / "judge", maker, JUDGE_SEED, work.settings.judge_scenes)
    critic = judge.train(own, work.pace("judge"), work.place("judge"))
    held_out = latents.cached(work.folder / "held-out", maker, HELD_OUT_SEED, 256)
    found, pixels = judge.figures(critic, export.read(out), held_out, work.settings.sampling)
    work.report(
        f"top-1 {found.top1:.1%} top-5 {found.top5:.1%} backdrop {found.backdrop:.1%} "
        f"ceiling {found.ceiling_top1:.1%}"
    )
    judge.write(found, work.settings.sampling, work.folder / "figures.json")
    judge.all_things(pixels).save(work.folder / "all-things.png")
    measured = Measured(found, vae.quality(model, work.held_out()), trained_for(work))
    (out / "README.md").write_text(card(work.settings, measured), encoding="utf-8")
    return found


def trained_for(work: Work) -> Pace:
    """How many steps and seconds the denoiser has been trained."""
    pace = Pace(0.0)
    kept = checkpoint.load(work.place("unet").path)
    if kept:
        pace.restore(kept["pace"])
    return pace


def parse_budget(budget: str) -> float:
    """Reads "90s", "20m" or "2h" as seconds; a bare number means minutes."""
    unit = {"s": 1.0, "m": 60.0, "h": 3600.0}.get(budget[-1:])
    return float(budget[:-1]) * unit if unit else float(budget) * 60


def main(arguments: list[str] | None = None) -> int:
    """Reads the command line and trains."""
    parser = argparse.ArgumentParser(
        prog="python -m server.starter.train",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--work", type=Path, required=True, help="folder of caches, checkpoints")
    parser.add_argument("--out", type=Path, help="where the model goes; WORK/model if not given")
    parser.add_argument("--budget", default="120m", help="for all stages: 90s, 20m or 2h")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N")
    parser.add_argument(
        "--processes", type=int, default=1, help="on a CPU, the cores that it may use"
    )
    parser.add_argument(
        "--stages", default=",".join(STAGES), help="which to train; the rest is read as it is"
    )
    parser.add_argument("--toy", action="store_true", help="tiny sizes, a few seconds, no download")
    given = parser.parse_args(arguments)
    given.work.mkdir(parents=True, exist_ok=True)
    work = Work(
        settings=TOY if given.toy else FULL,
        folder=given.work.resolve(),
        seconds=parse_budget(given.budget),
        device=device.choose(given.device),
        processes=given.processes,
        stages=tuple(given.stages.split(",")),
    )
    run(work, given.out or given.work / "model")
    return 0


if __name__ == "__main__":
    sys.exit(main())
