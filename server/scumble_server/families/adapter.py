"""A model that runs through its own diffusers pipeline, with soft masks, previews and cancel.

The pipeline's call does the denoising. What is ours comes in at three places: the latents that it
starts from (`tail.py`), its callback after each step, where the picture is held back by the mask
and progress is told, and its text encoding, which is kept by content.
"""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from scumble_protocol.choices import MaskedContent
from scumble_protocol.messages import Phase
from scumble_server.control.transformers import controls_in_place
from scumble_server.families.asking import arguments, full_steps, whole_picture
from scumble_server.families.drift import put_back
from scumble_server.families.family import Shown
from scumble_server.families.fingerprint import fingerprint
from scumble_server.families.free import is_free
from scumble_server.families.latents import Latents
from scumble_server.families.reuse import reusing
from scumble_server.families.tail import Levels, LevelsKnown, make_tail
from scumble_server.models.preview import draw_preview, fit_preview
from scumble_server.models.remembered import Remembered
from scumble_server.prompts import attention
from scumble_server.prompts.tokens import Count
from scumble_server.prompts.wording import Wording
from scumble_server.sampling.hold import Hold, latent_mask
from scumble_server.sampling.noise import Noise
from scumble_server.sampling.pace import Pace
from scumble_server.sampling.resizing import picture_latents
from scumble_server.sampling.steps import steps_run
from scumble_server.work.abilities import refuse_unable
from scumble_server.work.report import PreviewReport, ProgressReport

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from numpy.typing import NDArray

    from scumble_protocol.requests import Regenerate
    from scumble_server.compiling.blocks import CompiledBlocks
    from scumble_server.families.family import Family
    from scumble_server.pixels.crop import Crop
    from scumble_server.pixels.opencv import Floats
    from scumble_server.spec import ModelSpec
    from scumble_server.work.report import Reporter

TEXTS_KEPT = 16
PICTURES_KEPT = 8
LEVELS_KEPT = 32


class FamilyModel:
    """A pipeline of a family, with what it was last asked kept by content.

    Args:
        spec: What the model needs.
        family: How its pipeline is called.
        pipeline: diffusers' pipeline; its text encoding is wrapped.
        device: Where it calculates.
    """

    def __init__(
        self, spec: ModelSpec, family: Family, pipeline: Any, device: torch.device
    ) -> None:
        self.spec = spec
        self.family = family
        self.pipeline = pipeline
        self.device = device
        vae = getattr(pipeline, family.decoder)
        self.latents = Latents(vae, family.layout, spec.latent_scale, device)
        self.compiled: CompiledBlocks | None = None
        self._pictures: Remembered[torch.Tensor] = Remembered(PICTURES_KEPT)
        self._levels: Remembered[Levels] = Remembered(LEVELS_KEPT)
        self._remembered = [_remember(pipeline, "encode_prompt", TEXTS_KEPT)]
        if family.edits:
            # Of the VAE's distribution these take the mode, so chance has no part in it.
            self._remembered.append(_remember(pipeline, "_encode_vae_image", PICTURES_KEPT))

    @property
    def bytes(self) -> int:
        """The memory that the weights take."""
        parts = [
            part for part in self.pipeline.components.values() if isinstance(part, torch.nn.Module)
        ]
        return sum(
            tensor.numel() * tensor.element_size()
            for part in parts
            for tensor in (*part.parameters(), *part.buffers())
        ) + (self.compiled.bytes if self.compiled else 0)

    @contextmanager
    def using(self, wording: Wording) -> Iterator[None]:
        """Nothing is added to these models: `abilities.py` refuses LoRAs before one is loaded."""
        yield

    def forget(self) -> bool:
        """See `Model.forget`."""
        kept = [remembered.clear() for remembered in (self._pictures, *self._remembered)]
        if self.compiled:
            kept.append(self.compiled.forget())
        return any(kept)

    def measure(self, prompt: str) -> Count:
        """How many tokens a prompt has; what is beyond the limit is not read."""
        reader = getattr(self.pipeline, self.family.reader, None) or self.pipeline.tokenizer
        inner = getattr(reader, "tokenizer", None)
        # A processor has a tokenizer for text; what ChatGLM's calls so only cuts words.
        tokenizer = inner if callable(inner) else reader
        tokens = tokenizer(_plain(prompt), add_special_tokens=False)["input_ids"]
        return Count(len(tokens), 1, self.family.max_tokens)

    def sample(
        self, crop: Crop, request: Regenerate, seeds: tuple[int, ...], report: Reporter
    ) -> tuple[Floats, ...]:
        """See `Model.sample`."""
        refuse_unable(request, self.spec, Wording(request.prompt, request.negative, request.prompt))
        # What a pipeline draws by chance itself, it draws for all at once: then each goes alone, so
        # that a seed means the same picture in every batch.
        draws = self.family.shown is not Shown.NOTHING
        # Nor may a picture depend on how much others changed from step to step.
        alone = draws or self._reuse(crop) > 0
        groups = [(seed,) for seed in seeds] if alone else [seeds]
        with torch.inference_mode():
            images = [
                image for group in groups for image in self._sample(crop, request, group, report)
            ]
        if self.family.edits:
            original, kept = whole_picture(crop), crop.denoise == 0
            return tuple(put_back(image, original, kept) for image in images)
        return tuple(images)

    def _sample(
        self, crop: Crop, request: Regenerate, seeds: tuple[int, ...], report: Reporter
    ) -> Floats:
        report(ProgressReport(Phase.ENCODING, 0, 1))
        plain = picture_latents(crop, self._encode_once)
        drawn = Noise(seeds, plain.shape, self.device)
        noise = drawn.draw()
        asked = arguments(self.family, crop, _said(request), len(seeds))
        asked["generator"] = torch.Generator("cpu").manual_seed(seeds[0])
        levels = self._levels_of(request, asked)
        begun = self._begun(plain, drawn, crop, request)
        first = noise * levels.pure if request.strength == 1 else levels.noised(begun, noise, 0)
        mask = self._mask(crop, plain, request)
        pack = self.latents.pack
        hold: Any = Hold(pack(plain), pack(noise), mask, levels)  # type: ignore[arg-type]
        size = (crop.working.height, crop.working.width)
        run = Run(self, hold, size, len(levels), report)
        tail = self._tail(request)
        run.tail = tail
        report(ProgressReport(Phase.SAMPLING, 0, len(levels)))
        with (
            _scheduler(self.pipeline, tail),
            self._controlled(crop, len(levels)),
            reusing(getattr(self.pipeline, self.family.denoiser), self._reuse(crop)),
            self._evaluating(crop),
        ):
            made = self.pipeline(
                **asked, latents=self._entering(first), callback_on_step_end=run.after_step
            )
        images: Floats = np.ascontiguousarray(np.asarray(made.images, np.float32).clip(0, 1))
        return images

    def _reuse(self, crop: Crop) -> float:
        """See `ModelSpec.reuse`; 0 where it can't be: controls are added between the blocks."""
        can_be = self.family.reuses and not crop.guides.controls
        return self.spec.reuse if can_be else 0.0

    def _evaluating(self, crop: Crop) -> AbstractContextManager[None]:
        """Around the evaluations of one run, with compiled blocks if there are any.

        Not where some are left out: diffusers' hooks for that are around each block.
        """
        if self.compiled is None or self._reuse(crop):
            return nullcontext()
        return self.compiled.run()

    def _controlled(self, crop: Crop, steps: int) -> AbstractContextManager[None]:
        """The crop's controls in place for a run of so many steps."""
        config = self.latents.vae.config
        shift = (getattr(config, "shift_factor", None) or 0.0) * config.get("scaling_factor", 1.0)
        return controls_in_place(
            crop.guides.controls,
            getattr(self.pipeline, self.family.denoiser),
            lambda picture: self.latents.pack(self.latents.encode(picture)),
            shift=shift,
            steps=steps,
        )

    def _tail(self, request: Regenerate) -> Any:
        run = steps_run(request.steps, request.strength, full=request.full_steps)
        config = self.pipeline.scheduler.config
        return make_tail(config, self.family.sampler, request.schedule, run)

    def _levels_of(self, request: Regenerate, asked: dict[str, Any]) -> Levels:
        """The levels of a run, asked of the pipeline: it alone knows how it shifts them by size."""
        tail = self._tail(request)
        size = (asked["height"], asked["width"])
        key = (size, full_steps(request), tail.run, request.schedule)
        return self._levels.get(key, lambda: self._ask_levels(tail, asked))

    def _ask_levels(self, tail: Any, asked: dict[str, Any]) -> Levels:
        height, width = asked["height"], asked["width"]
        shape = (
            self.spec.latent_channels,
            height // self.latents.scale,
            width // self.latents.scale,
        )
        nothing = torch.zeros(asked["num_images_per_prompt"], *shape, device=self.device)
        tail.asks_only = True
        with _scheduler(self.pipeline, tail):
            try:
                self.pipeline(**asked, latents=self._entering(nothing))
            except LevelsKnown:
                return tail.levels  # type: ignore[no-any-return]
        raise RuntimeError(f"{type(self.pipeline).__name__} never set its timesteps.")

    def _begun(
        self, plain: torch.Tensor, drawn: Noise, crop: Crop, request: Regenerate
    ) -> torch.Tensor:
        """The latents of what the model finds under the mask at first."""
        if request.content not in {MaskedContent.NOISE, MaskedContent.NOTHING}:
            return plain
        within = latent_mask(crop.denoise, self.spec.latent_scale, self.device)
        fill = drawn.draw() if request.content is MaskedContent.NOISE else torch.zeros_like(plain)
        return torch.lerp(plain, fill, within)

    def _entering(self, plain: torch.Tensor) -> torch.Tensor:
        entering = self.latents.entering(plain)
        if self.family.denoiser == "unet":
            # These pipelines leave the type as it is, and their UNets read only their own.
            return entering.to(self.pipeline.unet.dtype)
        return entering

    def _mask(self, crop: Crop, plain: torch.Tensor, request: Regenerate) -> torch.Tensor:
        """Local strength where latents lie."""
        mask = latent_mask(crop.denoise, self.spec.latent_scale, self.device)
        if self.family.edits and is_free(crop, request):
            mask = torch.ones_like(mask)
        return self.latents.pack(mask.expand_as(plain).contiguous())

    def _encode_once(self, image: NDArray[np.float32]) -> torch.Tensor:
        return self._pictures.get(fingerprint(image), lambda: self.latents.encode(image))

    @cached_property
    def preview_map(self) -> torch.Tensor:
        """From latents to colours; see `fit_preview`."""
        return fit_preview(self.latents.encode, self.latents.scale)


class Run:
    """What happens after each step of one run.

    Args:
        model: The model.
        hold: Holds the picture back where the mask says so.
        size: Height and width of the working picture in pixels.
        steps: The steps of the run.
        report: Told of every step; what it raises goes out through the pipeline.
    """

    def __init__(
        self,
        model: FamilyModel,
        hold: Hold,
        size: tuple[int, int],
        steps: int,
        report: Reporter,
    ) -> None:
        self.tail: Any = None
        self._model = model
        self._hold = hold
        self._size = size
        self._report = report
        self._steps = steps
        self._pace = Pace(self._steps)

    def after_step(
        self, _pipeline: Any, step: int, _timestep: Any, kept: dict[str, Any]
    ) -> dict[str, Any]:
        """The pipeline's `callback_on_step_end`."""
        done = step + 1
        latents = kept["latents"]
        held = self._hold(latents, done).to(latents.dtype)
        left = self._pace.seconds_left(done)
        self._report(ProgressReport(Phase.SAMPLING, done, self._steps, left))
        if done == self._steps:
            self._report(ProgressReport(Phase.DECODING, 0, 1))
        elif self._pace.is_preview_due():
            self._report(PreviewReport(self._preview()))
        return {"latents": held}

    def _preview(self) -> NDArray[np.uint8]:
        finished = self._hold(self.tail.estimate, self._steps)[:1]
        plain = self._model.latents.unpack(finished.float(), *self._size)
        return draw_preview(plain, self._model.preview_map)


@contextmanager
def _scheduler(pipeline: Any, scheduler: Any) -> Iterator[None]:
    """While in it, the pipeline has another scheduler."""
    own = pipeline.scheduler
    pipeline.scheduler = scheduler
    try:
        yield
    finally:
        pipeline.scheduler = own


def _remember(pipeline: Any, method: str, limit: int) -> Remembered[Any]:
    """Let a pipeline keep what a method of it gave, by the content of what it was called with.

    Text encoders are larger than many a denoiser, and levels are asked for by a call of their own.
    """
    kept: Remembered[Any] = Remembered(limit)
    make = getattr(pipeline, method)

    def remembered(*given: Any, **named: Any) -> Any:
        return kept.get(fingerprint(given, named), lambda: make(*given, **named))

    setattr(pipeline, method, remembered)
    return kept


def _said(request: Regenerate) -> Regenerate:
    """The request with prompts as these models read them: without weights."""
    return replace(request, prompt=_plain(request.prompt), negative=_plain(request.negative))


def _plain(prompt: str) -> str:
    sections = attention.parse(prompt)
    return " ".join("".join(passage.text for passage in section) for section in sections).strip()
