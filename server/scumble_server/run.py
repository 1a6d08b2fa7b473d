"""The product: from a request to layers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np

from scumble_protocol.errors import ErrorCode, RequestError
from scumble_protocol.geometry import Rect, Size
from scumble_protocol.pixels import PixelFormat
from scumble_protocol.requests import ImageRef, Regenerate, Request, Upscale
from scumble_server.compose import Layer, compose, untouched
from scumble_server.crop import Crop
from scumble_server.masks import blend_mask, soften
from scumble_server.opencv import Samples
from scumble_server.prepare import prepare
from scumble_server.prompts.library import Library
from scumble_server.prompts.wording import PromptUsed, Wording, word
from scumble_server.report import Reporter
from scumble_server.spec import ModelSpec
from scumble_server.stopwatch import Stopwatch
from scumble_server.upscale.enlarge import enlarge
from scumble_server.upscale.upscaler import Upscaler
from scumble_server.variations import seeds_of, telling

if TYPE_CHECKING:
    from scumble_server.models.diffusion import DiffusionModel

Blobs = Callable[[str], bytes]
"""Gives the bytes of a blob that the request names."""


class Shelf(Protocol):
    """Where models are had from; it loads what is not in memory."""

    def get(self, model: str, report: Reporter) -> DiffusionModel | Upscaler:
        """The model of that id; raises RequestError or ServerError when it can't be had."""


@dataclass(frozen=True)
class Result:
    """What came of a request.

    Args:
        layers: One for each variation.
        seeds: The seed of each layer; 0 for an upscale.
        times: Seconds by phase.
        prompts: What each layer was made with; none for an upscale.
    """

    layers: tuple[Layer, ...]
    seeds: tuple[int, ...]
    times: dict[str, float]
    prompts: tuple[PromptUsed, ...] = ()


Made = tuple[Layer, PromptUsed]
"""A variation, and the prompts that made it."""


def run(
    request: Request,
    blobs: Blobs,
    shelf: Shelf,
    report: Reporter,
    library: Library = Library(),  # noqa: B008 (frozen: no folders at all)
) -> Result:
    """Do a job: the one way from a request to its layers.

    Args:
        request: What to do.
        blobs: Gives its pictures.
        shelf: Gives its model.
        report: Told how it goes.
        library: Gives the files that prompts name.

    Raises:
        Cancelled: `report` raised it.
        ScumbleError: The job can't be done.
    """
    watch = Stopwatch("preparing")
    report = watch.listening(report)
    if isinstance(request, Regenerate):
        # Before anything is loaded: what is wrong with a prompt is mostly known by now.
        wordings = tuple(word(request, seed, library) for seed in seeds_of(request))
        made = regenerate(request, wordings, blobs, shelf, report=report, watch=watch)
        layers, prompts = tuple(layer for layer, _ in made), tuple(used for _, used in made)
        return Result(layers, seeds_of(request), watch.stop(), prompts)
    if isinstance(request, Upscale):
        return Result((upscale(request, blobs, shelf, report, watch),), (0,), watch.stop())
    shelf.get(request.model, report)
    return Result((), (), watch.stop())


def regenerate(
    request: Regenerate,
    wordings: tuple[Wording, ...],
    blobs: Blobs,
    shelf: Shelf,
    *,
    report: Reporter,
    watch: Stopwatch,
) -> tuple[Made, ...]:
    """Prepare → sample → compose; again with half the pixels while memory runs out."""
    picture, selection = read(request.image, blobs), read(request.mask, blobs)
    if request.strength == 0:
        blend = blend_mask(soften(selection, request.grow, request.feather))
        layer = untouched(request.context, picture, blend)
        return tuple((layer, PromptUsed(said.prompt, said.negative)) for said in wordings)
    model = shelf.get(request.model, report)
    if isinstance(model, Upscaler):
        raise _unsuitable(f"{request.model} only enlarges pictures.", "Choose a diffusion model.")
    spec = model.spec
    while True:
        watch.enter("preparing")
        crop = prepare(request, picture, selection, spec)
        try:
            return variations(crop, model, request, wordings, report=report, watch=watch)
        except (RuntimeError, MemoryError) as error:
            spec = with_less(spec, crop.working, error)


def variations(
    crop: Crop,
    model: DiffusionModel,
    request: Regenerate,
    wordings: tuple[Wording, ...],
    *,
    report: Reporter,
    watch: Stopwatch,
) -> tuple[Made, ...]:
    """Sample → compose, for every seed with its wording."""
    from scumble_server.sampling.loop import sample

    made = []
    for number, (seed, said) in enumerate(zip(seeds_of(request), wordings, strict=True)):
        told = telling(report, crop, number, request.count)
        asked = replace(request, prompt=said.text, negative=said.negative)
        with model.using(said):
            count = model.measure(said.text)
            image = sample(crop, model, asked, seed, told)
        watch.enter("composing")
        layer = compose(crop, image, strength=request.strength, match_color=request.match_color)
        made.append((layer, PromptUsed(said.prompt, said.negative, count.tokens, count.chunks)))
    return tuple(made)


def upscale(
    request: Upscale, blobs: Blobs, shelf: Shelf, report: Reporter, watch: Stopwatch
) -> Layer:
    """Enlarge a rectangle of the canvas; the layer lies on the enlarged canvas."""
    picture = read(request.image, blobs)
    upscaler = shelf.get(request.model, report)
    if not isinstance(upscaler, Upscaler):
        raise _unsuitable(f"{request.model} is no upscaler.", "Choose one, for instance lanczos.")
    watch.enter("sampling")
    target = request.target
    pixels = enlarge(picture, target, upscaler, report)
    left, top = round(request.context.x * request.scale), round(request.context.y * request.scale)
    mask = np.full((target.height, target.width), 255, np.uint8)
    return Layer(Rect(left, top, target.width, target.height), pixels, mask)


def read(image: ImageRef, blobs: Blobs) -> Samples:
    """A blob as an array: uint8 (height, width) of a mask, uint8 or uint16 (…, 4) of a picture."""
    data = blobs(image.blob)
    if len(data) != image.length:
        raise RequestError(
            ErrorCode.BAD_PICTURE,
            f"The picture has {len(data)} bytes instead of {image.length}.",
            "Send it again.",
        )
    sample = np.dtype("<u2" if image.format is PixelFormat.RGBA16 else "u1")
    channels = () if image.format is PixelFormat.GRAY8 else (4,)
    array = np.frombuffer(data, sample).reshape(image.size.height, image.size.width, *channels)
    return array.astype(sample.newbyteorder("="), copy=False)


def with_less(spec: ModelSpec, working: Size, error: Exception) -> ModelSpec:
    """The spec for a try with half the pixels; raises the error when that can't help."""
    from scumble_server.models.device import is_out_of_memory

    pixels = working.pixels // 2
    if not is_out_of_memory(error) or pixels < spec.min_side**2:
        raise error
    return replace(spec, max_pixels=pixels)


def _unsuitable(message: str, hint: str) -> RequestError:
    return RequestError(ErrorCode.UNSUPPORTED_MODEL, message, hint)
