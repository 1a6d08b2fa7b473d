"""Trains the starter from nothing to a folder that diffusers loads, stage after stage.

    python -m server.starter.train --budget 120m --device auto --work DIR --out DIR

Every stage keeps what it made in the work folder and goes on from there when it is called again:
an interrupted training is resumed, and with a larger budget the denoiser is trained further.
The emoji are wanted in the work folder (npm install --no-save @lobehub/fluent-emoji-3d@1.1.0
emojibase-data@17.0.0); photographs in DIR/photos, if there are any, are shown to the autoencoder.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderTiny, UNet2DConditionModel
from numpy.typing import NDArray
from torch import Tensor
from transformers import CLIPTextModel, CLIPTokenizer

from . import checkpoint, company, decoder, device, export, judge, latents, pool, text, unet, vae
from .card import FIGURES, Kept, write_card
from .checkpoint import Pace, Place
from .scenes import Painter
from .settings import FULL, TOY, Settings, UnetSettings

JUDGE_SEED = 5_000_000
"""First seed of the judge's own scenes; the denoiser's begin at 0."""

NATIVE_SEED = 1_000_000
"""First seed of the denoiser's scenes at the native side."""

HELD_OUT_SEED = 10_000_000
"""First seed of the scenes that nothing is trained on."""

STAGES = ("vae", "decoder", "text", "unet", "native", "judge")
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

    def pace(self, stage: str) -> Pace:
        """The stage's part of the budget; nothing for a stage that is left out."""
        if stage not in self.stages:
            return Pace(0.0)
        share = self.settings.shares[STAGES.index(stage)]
        return Pace(self.seconds * share, self.settings.steps)

    def place(self, stage: str) -> Place:
        """Where the stage's checkpoint lies."""
        return Place(self.folder / f"{stage}.pt", say)

    def painter(self, side: int | None = None) -> Painter:
        """Paints the scenes of this training, at their first side unless another is given."""
        return pool.painter(self.settings.sprites, self.folder, side or self.settings.side)

    def held_out(self, count: int = 32) -> NDArray[np.uint8]:
        """Scenes that nothing is trained on."""
        painter = self.painter()
        return np.stack([painter.scene(HELD_OUT_SEED + seed).pixels for seed in range(count)])


def say(line: str) -> None:
    """Prints a line of progress with the time of day."""
    sys.stdout.write(f"{time.strftime('%H:%M:%S')} {line}\n")
    sys.stdout.flush()


def autoencoder(work: Work) -> AutoencoderTiny:
    """Trains the autoencoder, or reads the one that is done."""
    pictures = work.folder / "clutter.npy"
    pool.write_clutter(pictures, work.painter(), work.settings.vae.pictures, work.processes)
    photos = list(vae.photographs(work.folder / "photos").values())
    painted, held_out = np.load(pictures, mmap_mode="r"), work.held_out()
    crops = vae.Crops(painted, photos, work.settings.vae)
    model = vae.train(crops, held_out, work.pace("vae"), work.place("vae"), work.device)
    crops = vae.Crops(painted, photos, work.settings.decoder)
    return decoder.train(model, crops, held_out, work.pace("decoder"), work.place("decoder"))


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
    processes = work.processes if work.device.type == "cpu" else 1
    if "unet" in work.stages:
        latents.cached(work.folder / "latents", maker, 0, work.settings.unet.scenes)
        company.run(_denoise, processes, work)
    if "native" in work.stages:
        large = replace(maker, painter=work.painter(work.settings.native_side))
        count = work.settings.native.scenes
        latents.cached(work.folder / "latents-native", large, NATIVE_SEED, count)
        company.run(_denoise_natively, processes, work)
    network = unet.make(
        work.settings.unet,
        latent_side=work.settings.native_side // vae.PATCH,
        text_width=encoder.config.hidden_size,
    )
    done = work.place("native").path
    return unet.read_average(network, done if done.is_file() else work.place("unet").path)


def _denoise(rank: int, size: int, meeting: str, work: Work) -> None:
    """One process of the denoiser's training; all it needs lies in the work folder by now."""
    settings = work.settings.unet
    student, empty = _student(work, settings, size)
    teacher = unet.Teacher(_lessons(work), empty, settings)
    with company.joined(rank, size, meeting) as others:
        unet.train(student, teacher, work.pace("unet"), work.place("unet"), others)


def _denoise_natively(rank: int, size: int, meeting: str, work: Work) -> None:
    """The same at the native side, from where `_denoise` left off."""
    settings = work.settings.native
    # A lesson of few large pictures costs as much as one of more small ones.
    shrunk = (work.settings.native_side / work.settings.side) ** 2
    small = replace(work.settings.unet, batch=round(settings.batch * shrunk / 2))
    large = latents.cached(work.folder / "latents-native", None, NATIVE_SEED, settings.scenes)
    student, empty = _student(work, settings, size)
    student.begin(work.place("unet").path)
    teacher = unet.TwoSides(
        unet.Teacher(large, empty, settings), unet.Teacher(_lessons(work), empty, small)
    )
    with company.joined(rank, size, meeting) as others:
        unet.train(student, teacher, work.pace("native"), work.place("native"), others)


def _student(work: Work, settings: UnetSettings, processes: int) -> tuple[unet.Student, Tensor]:
    """A denoiser that knows nothing yet, with the tokens of an empty caption."""
    if processes > 1:
        torch.set_num_threads(1)
    tokenizer, encoder = words(work)
    side = work.settings.side // vae.PATCH
    shape = replace(settings, channels=work.settings.unet.channels)
    student = unet.make_student(shape, encoder, latent_side=side, device=work.device)
    return student, text.tokens(tokenizer, [""])[0]


def _lessons(work: Work) -> latents.Latents:
    return latents.cached(work.folder / "latents", None, 0, work.settings.unet.scenes)


def run(work: Work, out: Path) -> judge.Figures:
    """Trains what is not trained yet, writes the model to `out` and judges what was written."""
    model = autoencoder(work)
    tokenizer, encoder = words(work)
    maker = latents.Maker(work.painter(), model, tokenizer, work.processes)
    network = denoiser(work, maker, encoder)
    parts = export.Parts(model.cpu(), tokenizer, encoder.cpu(), network)
    export.write(parts, work.settings, out)
    say(f"wrote {out}: {export.megabytes(out):.1f} MB")
    own = latents.cached(work.folder / "judge", maker, JUDGE_SEED, work.settings.judge_scenes)
    critic = judge.train(own, work.pace("judge"), work.place("judge"))
    held_out = latents.cached(work.folder / "held-out", maker, HELD_OUT_SEED, 256)
    found, pixels = judge.figures(critic, export.read(out), held_out, work.settings.sampling)
    say(
        f"top-1 {found.top1:.1%} top-5 {found.top5:.1%} backdrop {found.backdrop:.1%} "
        f"ceiling {found.ceiling_top1:.1%}"
    )
    judge.all_things(pixels).save(work.folder / "all-things.png")
    kept = Kept(
        found,
        asdict(work.settings.sampling),
        vae.quality(model, work.held_out()),
        {stage: trained_for(work, stage).done for stage in ("unet", "native")},
    )
    figures = json.dumps(asdict(kept), indent=1)
    (work.folder / FIGURES).write_text(figures, encoding="utf-8")
    write_card(work.settings, work.folder, out)
    return found


def trained_for(work: Work, stage: str) -> Pace:
    """How many steps and seconds a stage has been trained."""
    pace = Pace(0.0)
    kept = checkpoint.load(work.place(stage).path)
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
