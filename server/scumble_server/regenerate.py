"""Prepare → sample → compose: a selection made anew."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from scumble_protocol.errors import ErrorCode, RequestError
from scumble_protocol.geometry import Size
from scumble_protocol.requests import Regenerate
from scumble_server.compose import compose, untouched
from scumble_server.crop import Crop
from scumble_server.made import Made
from scumble_server.masks import blend_mask, soften
from scumble_server.means import Means
from scumble_server.painting import paint
from scumble_server.prepare import prepare
from scumble_server.prompts.wording import PromptUsed, Wording, word
from scumble_server.spec import ModelSpec
from scumble_server.upscale.upscaler import Upscaler
from scumble_server.variations import seeds_of, telling

if TYPE_CHECKING:
    from scumble_server.models.model import Model


def regenerate(request: Regenerate, means: Means) -> tuple[Made, ...]:
    """Prepare → sample → compose; again with half the pixels while memory runs out."""
    # Before anything is loaded: what is wrong with a prompt is mostly known by now.
    wordings = tuple(word(request, seed, means.library) for seed in seeds_of(request))
    picture, selection = means.read(request.image), means.read(request.mask)
    if request.strength == 0:
        blend = blend_mask(soften(selection, request.grow, request.feather))
        layer = untouched(request.context, picture, blend)
        return tuple(
            Made(layer, seed, PromptUsed(said.prompt, said.negative))
            for seed, said in zip(seeds_of(request), wordings, strict=True)
        )
    model = diffusion_model(request.model, means)
    spec = model.spec
    while True:
        means.watch.enter("preparing")
        crop = prepare(request, picture, selection, spec)
        try:
            return _variations(crop, model, request, wordings, means)
        except (RuntimeError, MemoryError) as error:
            spec = with_less(spec, crop.working, error)


def diffusion_model(name: str, means: Means) -> Model:
    """A model that makes pictures.

    Raises:
        RequestError: It only enlarges them, or as `Shelf.get`.
    """
    model = means.shelf.get(name, means.report)
    if isinstance(model, Upscaler):
        raise RequestError(
            ErrorCode.UNSUPPORTED_MODEL,
            f"{name} only enlarges pictures.",
            "Choose a diffusion model.",
        )
    return model


def with_less(spec: ModelSpec, working: Size, error: Exception) -> ModelSpec:
    """The spec for a try with half the pixels; raises the error when that can't help."""
    from scumble_server.models.device import is_out_of_memory

    pixels = working.pixels // 2
    if not is_out_of_memory(error) or pixels < spec.min_side**2:
        raise error
    return replace(spec, max_pixels=pixels)


def _variations(
    crop: Crop,
    model: Model,
    request: Regenerate,
    wordings: tuple[Wording, ...],
    means: Means,
) -> tuple[Made, ...]:
    """Sample → compose, for every seed with its wording."""
    made = []
    for number, (seed, said) in enumerate(zip(seeds_of(request), wordings, strict=True)):
        told = telling(means.report, crop, number, request.count)
        asked = replace(request, prompt=said.text, negative=said.negative)
        with model.using(said):
            count = model.measure(said.text)
            ((image, passes),) = paint(crop, model, asked, (seed,), told)
        means.watch.enter("composing")
        layer = compose(crop, image, strength=request.strength, match_color=request.match_color)
        used = PromptUsed(said.prompt, said.negative, count.tokens, count.chunks)
        made.append(Made(layer, seed, used, passes))
    return tuple(made)
