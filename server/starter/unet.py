"""Trains the denoiser: noisy latents and words to the velocity that leads back to the picture."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from diffusers import DDPMScheduler, UNet2DConditionModel
from diffusers.models.attention_processor import AttnProcessor
from torch import Tensor, nn
from transformers import CLIPTextModel

from . import checkpoint
from .checkpoint import Pace, Place, learning_rate, set_learning_rate
from .company import ALONE, Company
from .device import mixed_precision
from .latents import Latents
from .settings import UnetSettings
from .vae import CHANNELS

TIMESTEPS = 1000

SNR_LIMIT = 5.0
"""Hang et al., "Efficient Diffusion Training via Min-SNR Weighting Strategy" (2023), gamma."""

WEIGHT_FLOOR = 0.4
"""Least weight of a sample: Min-SNR alone gives velocity none where there is almost only noise,
and there the layout is decided."""

START_STEPS = 20
"""The last timesteps, from which samplers start with pure noise."""


def make_schedule() -> DDPMScheduler:
    """Stable Diffusion's own noise schedule, predicting velocity.

    Salimans & Ho, "Progressive Distillation for Fast Sampling of Diffusion Models" (2022).
    """
    return DDPMScheduler(
        num_train_timesteps=TIMESTEPS,
        beta_schedule="scaled_linear",
        beta_start=0.00085,
        beta_end=0.012,
        prediction_type="v_prediction",
        clip_sample=False,
        steps_offset=1,
        # So that samplers begin at the last timestep, where the denoiser knows pure noise.
        timestep_spacing="trailing",
    )


def make(settings: UnetSettings, *, latent_side: int, text_width: int) -> UNet2DConditionModel:
    """Builds an untrained denoiser; every level but the finest attends to the words."""
    lower = len(settings.channels) - 1
    return UNet2DConditionModel(
        sample_size=latent_side,
        in_channels=CHANNELS,
        out_channels=CHANNELS,
        layers_per_block=1,
        block_out_channels=settings.channels,
        down_block_types=("DownBlock2D",) + ("CrossAttnDownBlock2D",) * lower,
        up_block_types=("CrossAttnUpBlock2D",) * lower + ("UpBlock2D",),
        cross_attention_dim=text_width,
        attention_head_dim=8,
        norm_num_groups=16,
    )


@dataclass(frozen=True)
class Lesson:
    """One batch: what the denoiser sees and what it is to say."""

    noisy: Tensor
    timesteps: Tensor
    tokens: Tensor
    velocity: Tensor
    weight: Tensor


class Teacher:
    """Draws lessons from the cached latents; lesson n is the same whenever it is drawn."""

    def __init__(self, latents: Latents, empty: Tensor, settings: UnetSettings) -> None:
        self.latents = latents
        self.empty = empty
        self.settings = settings
        self.signal = make_schedule().alphas_cumprod.sqrt()

    def lesson(self, number: int) -> Lesson:
        """Draws batch samples with their timesteps spread over the schedule."""
        random = torch.Generator().manual_seed(8_000_000 + number)
        batch = self.settings.batch
        rows = torch.randint(len(self.latents.values), (batch,), generator=random)
        which = torch.randint(self.latents.tokens.shape[1], (batch,), generator=random)
        tokens = self.latents.tokens[rows, which].long()
        dropped = torch.rand(batch, generator=random) < self.settings.text_dropout
        tokens[dropped] = self.empty
        spread = (torch.arange(batch) + torch.rand(batch, generator=random)) / batch
        timesteps = (spread**self.settings.earliness * TIMESTEPS).long().clamp(max=TIMESTEPS - 1)
        pure = torch.rand(batch, generator=random) < self.settings.pure_noise
        late = torch.randint(TIMESTEPS - START_STEPS, TIMESTEPS, (batch,), generator=random)
        timesteps = torch.where(pure, late, timesteps)
        picture = self.latents.values[rows].float()
        noise = torch.randn(picture.shape, generator=random)
        return self._mix(picture, noise, timesteps, tokens, pure)

    def _mix(
        self, picture: Tensor, noise: Tensor, timesteps: Tensor, tokens: Tensor, pure: Tensor
    ) -> Lesson:
        """Adds noise; where `pure`, the input is noise alone and the answer still the picture.

        The schedule keeps a trace of the picture at its last step (signal 0.07), which a sampler
        that starts from noise doesn't have. The velocity asked for is the one from which the
        scheduler's own formula, picture = signal * noisy - spread * velocity, gets the picture.
        """
        signal = self.signal[timesteps].view(-1, 1, 1, 1)
        spread = (1 - signal.square()).sqrt()
        noisy = torch.where(pure.view(-1, 1, 1, 1), noise, signal * picture + spread * noise)
        velocity = (signal * noisy - picture) / spread
        ratio = (signal / spread).square().flatten()
        weight = (ratio.clamp(max=SNR_LIMIT) / (ratio + 1)).clamp(min=WEIGHT_FLOOR)
        return Lesson(noisy, timesteps, tokens, velocity, weight)


SMALL_EVERY = 4
"""At the native side, one lesson of so many is at the smaller side, so that it isn't forgotten."""


@dataclass(frozen=True)
class TwoSides:
    """A teacher for the native side, who goes back to the smaller one now and then."""

    native: Teacher
    small: Teacher

    @property
    def settings(self) -> UnetSettings:
        """How the denoiser learns from them."""
        return self.native.settings

    def lesson(self, number: int) -> Lesson:
        """Draws from one of the two; lesson n is the same whenever it is drawn."""
        teacher = self.small if number % SMALL_EVERY == 0 else self.native
        return teacher.lesson(number)


@dataclass
class Student:
    """The denoiser with what its training needs beside it."""

    model: UNet2DConditionModel
    average: UNet2DConditionModel
    """The exponential moving average of the weights, which is what ships."""
    optimizer: torch.optim.Optimizer
    encoder: CLIPTextModel

    def learn(self, lesson: Lesson) -> Tensor:
        """Takes one step and returns the loss."""
        device = self.model.device
        with torch.no_grad(), mixed_precision(device):
            words = self.encoder(lesson.tokens.to(device))[0]
        noisy = lesson.noisy.to(device).contiguous(memory_format=torch.channels_last)
        with mixed_precision(device):
            answer = self.model(noisy, lesson.timesteps.to(device), words).sample.float()
        error = (answer - lesson.velocity.to(device)).square().mean((1, 2, 3))
        loss: Tensor = (error * lesson.weight.to(device)).mean()
        self.optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        return loss.detach()

    @torch.no_grad()
    def follow(self, decay: float) -> None:
        """Moves the average a little towards the weights."""
        pairs = zip(self.average.parameters(), self.model.parameters(), strict=True)
        for average, weight in pairs:
            average.lerp_(weight, 1 - decay)

    def restore(self, state: dict[str, Any]) -> None:
        """Goes on from what a checkpoint kept."""
        self.model.load_state_dict(state["model"])
        self.average.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])

    def begin(self, path: Path) -> None:
        """Begins with the averaged weights of another stage's checkpoint."""
        for model in (self.model, self.average):
            model.load_state_dict(_averaged(path))

    def state(self) -> dict[str, object]:
        """What a checkpoint keeps."""
        return {
            "model": self.model.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
        }


def make_student(
    settings: UnetSettings, encoder: CLIPTextModel, *, latent_side: int, device: torch.device
) -> Student:
    """Builds the denoiser and its average with equal weights."""
    torch.manual_seed(9)
    width = encoder.config.hidden_size
    model = make(settings, latent_side=latent_side, text_width=width)
    average = make(settings, latent_side=latent_side, text_width=width)
    average.load_state_dict(model.state_dict())
    model = model.to(device, memory_format=torch.channels_last)
    if device.type == "cpu":
        # There the backward pass of PyTorch's fused attention is slow in bfloat16.
        model.set_attn_processor(AttnProcessor())
    optimizer = torch.optim.AdamW(
        model.parameters(), settings.rate, betas=(0.9, 0.99), weight_decay=0.01, fused=True
    )
    return Student(model, average.to(device).requires_grad_(False), optimizer, encoder.to(device))


def read_average(model: UNet2DConditionModel, path: Path) -> UNet2DConditionModel:
    """Gives the model the averaged weights of a checkpoint, at whatever step it was kept."""
    model.load_state_dict(_averaged(path))
    return model.eval().requires_grad_(requires_grad=False)


def _averaged(path: Path) -> dict[str, Tensor]:
    kept = checkpoint.load(path)
    if kept is None:
        raise FileNotFoundError(path)
    average: dict[str, Tensor] = kept["average"]
    return average


def train(
    student: Student,
    teacher: Teacher | TwoSides,
    pace: Pace,
    place: Place,
    company: Company = ALONE,
) -> None:
    """Trains or goes on training, with a checkpoint every few minutes."""
    settings = teacher.settings
    kept = checkpoint.load(place.path)
    if kept:
        student.restore(kept)
        pace.restore(kept["pace"])
    weights = list(student.model.parameters())
    losses: list[Tensor] = []
    due = pace.spent + settings.checkpoint_seconds
    pace.start()
    while (fraction := company.follow(pace.fraction)) < 1:
        rate = learning_rate(settings.rate, pace.done, fraction, warm_steps=200, flat=settings.flat)
        set_learning_rate(student.optimizer, rate)
        steps = settings.apart if company.size > 1 else 1
        for _ in range(steps):
            losses.append(student.learn(teacher.lesson(pace.done * company.size + company.rank)))
            pace.tick()
        with torch.no_grad():
            company.average(weights)
        student.follow(min(settings.average, (pace.done + 1) / (pace.done + 10)) ** steps)
        if company.rank == 0 and pace.spent > due:
            due = pace.spent + settings.checkpoint_seconds
            checkpoint.save(place.path, {**student.state(), "pace": pace.state()})
            mean = float(torch.stack(losses).mean())
            place.report(f"unet step {pace.done} {fraction:.1%} loss {mean:.4f} rate {rate:.1e}")
            losses.clear()
    if company.rank == 0:
        checkpoint.save(place.path, {**student.state(), "pace": pace.state()})
        place.report(f"unet done {pace.done} steps")
