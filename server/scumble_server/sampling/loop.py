"""The denoising loop: img2img, inpainting with soft masks, previews and cancel in one path."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import torch

from scumble_protocol.messages import Phase
from scumble_server.control.references import in_place
from scumble_server.control.regions import latent_region
from scumble_server.control.residuals import Controls
from scumble_server.models.asking import asking
from scumble_server.sampling.content import latent_content
from scumble_server.sampling.guidance import Guided, Region, Told, is_guided, tell
from scumble_server.sampling.hold import Hold, latent_mask
from scumble_server.sampling.noise import Noise
from scumble_server.sampling.pace import Pace
from scumble_server.sampling.rescale import Rescale
from scumble_server.sampling.resizing import picture_latents
from scumble_server.sampling.samplers import check_sampler, check_schedule
from scumble_server.sampling.schedule import make_trajectory
from scumble_server.work.report import PreviewReport, ProgressReport, Reporter

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from scumble_protocol.requests import Regenerate
    from scumble_server.control.references import References
    from scumble_server.models.diffusion import DiffusionModel
    from scumble_server.pixels.crop import Crop

HIDDEN = 0.5
"""From this mask value on, an inpainting UNet is not shown the picture (as in diffusers)."""

LOOKS = 4
"""Before each how many-th convolution of the UNet a run may ask whether it is still wanted: on a
processor an evaluation can take a minute, and each look a few microseconds."""


def sample(
    crop: Crop,
    model: DiffusionModel,
    request: Regenerate,
    seeds: tuple[int, ...],
    report: Reporter,
) -> tuple[NDArray[np.float32], ...]:
    """Variations, denoised at once.

    Args:
        crop: The working picture and its denoise mask, whose sides are multiples of the spec's.
        model: The model.
        request: Prompts, strength (above 0), and how to sample; its pictures are not read.
        seeds: The seed of each variation, which alone decides what noise it gets.
        report: Told of every evaluation; what it raises ends the run.

    Returns:
        For each seed the image at working size, (h, w, 3) in 0..1. The same arguments give the same
        bytes; others at once with it change an image by rounding errors at most.

    Raises:
        RequestError: The model has not this sampler, or that has not this schedule.
    """
    check_sampler(request.sampler, model.spec.prediction)
    check_schedule(request.sampler, request.schedule)
    with torch.inference_mode():
        length = model.measure(request.prompt)
        told = str(length) if length.chunks > 1 else ""
        encoding = ProgressReport(Phase.ENCODING, 0, 1, detail=told)
        report(encoding)
        with asking(model.vae, partial(report, encoding)):
            hold, first = begin(crop, model, request, seeds)
        with in_place(crop.guides.references, model.unet) as references:
            guided = prepare_guidance(
                crop,
                model,
                request,
                count=len(seeds),
                references=references,
                rescale=Rescale(request.cfg_rescale, hold.way),
            )
            with model.evaluating():
                finished = denoise(first, guided, hold, model, report)
        images = []
        # One by one: a VAE takes more memory for a picture than the UNet for a batch of latents.
        for number, latents in enumerate(finished.split(1)):
            decoding = ProgressReport(Phase.DECODING, number, len(seeds))
            report(decoding)
            with asking(model.vae, partial(report, decoding)):
                images.append(model.decode(latents))
        return tuple(images)


def begin(
    crop: Crop, model: DiffusionModel, request: Regenerate, seeds: tuple[int, ...]
) -> tuple[Hold, torch.Tensor]:
    """What is held back and along which noise levels, and the latents of the first of these."""
    original = picture_latents(crop, model.encode)
    mask = latent_mask(crop.denoise, model.spec.latent_scale, model.device)

    def noise_of(seeds: tuple[int, ...]) -> Noise:
        return Noise(seeds, original.shape, model.device, _corner(crop, model))

    found = latent_content(request.content, original, mask, seeds, noise_of)
    noise = noise_of(seeds)
    start = noise.draw()
    way = make_trajectory(
        request.sampler,
        request.schedule,
        model.pipeline.scheduler.config,
        steps=request.steps,
        strength=request.strength,
        full_steps=request.full_steps,
        noise=noise,
    )
    first = way.pure(start) if request.strength == 1 else way.noised(found, start, 0)
    return Hold(found, start, mask, way), first


def denoise(
    latents: torch.Tensor, guided: Guided, hold: Hold, model: DiffusionModel, report: Reporter
) -> torch.Tensor:
    """Finished latents from those of the schedule's first level."""
    way = hold.way
    timesteps = way.timesteps.to(model.device)
    pace = Pace(len(way))
    progress = ProgressReport(Phase.SAMPLING, 0, way.steps)
    report(progress)
    with asking(model.unet, lambda: report(progress), every=LOOKS):
        for evaluation, timestep in enumerate(timesteps):
            predicted = guided(way.scaled(latents, evaluation), timestep, evaluation, len(way))
            estimate = way.estimate(predicted, evaluation, latents)
            latents = hold(way.step(predicted, evaluation, latents), evaluation + 1)
            left = pace.seconds_left(evaluation + 1)
            done = way.steps_done(evaluation + 1)
            progress = ProgressReport(Phase.SAMPLING, done, way.steps, left)
            report(progress)
            if evaluation + 1 < len(way) and pace.is_preview_due():
                report(PreviewReport(model.preview(hold(estimate, len(way)))))
    return latents


def _corner(crop: Crop, model: DiffusionModel) -> tuple[int, int] | None:
    """Where a piece of a larger picture lies in it, in latents."""
    if crop.piece is None:
        return None
    return crop.piece.x // model.spec.latent_scale, crop.piece.y // model.spec.latent_scale


def prepare_guidance(
    crop: Crop,
    model: DiffusionModel,
    request: Regenerate,
    *,
    count: int,
    references: References,
    rescale: Rescale,
) -> Guided:
    """The UNet with everything that it is told in a run of `count` samples at once."""
    guided = is_guided(model, request.cfg)
    height, width = crop.image.shape[:2]

    def told(prompt: str, *, guided: bool) -> Told:
        negative = request.negative if guided else ""
        text = model.encode_text(prompt, negative, guided=guided, clip_skip=request.clip_skip)
        return tell(model, text, count=count, cfg=request.cfg, size=(height, width))

    return Guided(
        model,
        told(request.prompt, guided=guided),
        count=count,
        cfg=request.cfg,
        rescale=rescale,
        extra=_inpaint_channels(crop, model) if model.spec.inpaint else None,
        controls=Controls(crop.guides.controls, model.unet),
        references=references,
        regions=tuple(
            Region(
                told(region.prompt, guided=False),
                latent_region(mask, model.spec.latent_scale, model.device),
            )
            for region, mask in zip(request.regions, crop.guides.regions, strict=True)
        ),
    )


def _inpaint_channels(crop: Crop, model: DiffusionModel) -> torch.Tensor:
    """Mask and masked picture, (1, 1 + channels, height, width) of the latents."""
    hidden = (crop.denoise >= HIDDEN).astype("float32")
    # What is hidden is middle grey, which is 0 for the VAE.
    shown = crop.image * (1 - hidden[..., None]) + 0.5 * hidden[..., None]
    mask = latent_mask(hidden, model.spec.latent_scale, model.device)
    return torch.cat([mask, model.encode(shown)], dim=1)
