"""Prepare → sample → compose: a selection made anew."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from scumble_protocol.choices import ResizeMode
from scumble_protocol.errors import ErrorCode, RequestError
from scumble_protocol.requests import Regenerate
from scumble_server.control.preparing import check_guides, guided, shown
from scumble_server.control.vae import with_vae
from scumble_server.models.shortage import SHORTAGES, is_out_of_memory
from scumble_server.pixels.compose import Layer, compose, untouched
from scumble_server.pixels.crop import Crop
from scumble_server.pixels.given import given, with_latents
from scumble_server.pixels.masks import blend_mask, soften
from scumble_server.pixels.opencv import Mask, Picture
from scumble_server.pixels.prepare import prepare
from scumble_server.pixels.resizing import covering
from scumble_server.prompts.wording import PromptUsed, Wording, word
from scumble_server.upscale.face_restorer import FaceRestorer
from scumble_server.upscale.upscaler import Upscaler
from scumble_server.work.abilities import check_able, note_unread
from scumble_server.work.detail import Detail, tile_side
from scumble_server.work.face_repair import repaired
from scumble_server.work.faces import Face, faces_under, remake
from scumble_server.work.hires import Detailing, Finished, large_crop
from scumble_server.work.ladder import Ladder
from scumble_server.work.made import Made
from scumble_server.work.means import Means
from scumble_server.work.painting import paint
from scumble_server.work.variations import batches, seeds_of, telling

if TYPE_CHECKING:
    from scumble_server.models.model import Model
    from scumble_server.spec import ModelSpec


def regenerate(request: Regenerate, means: Means) -> tuple[Made, ...]:
    """Prepare → sample → compose; again with half the pixels while memory runs out."""
    # Before anything is loaded: what is wrong with a prompt is mostly known by now.
    wordings = tuple(word(request, seed, means.library) for seed in seeds_of(request))
    picture, selection = given(request, means)
    if request.strength == 0:
        blend = blend_mask(soften(selection, request.grow, request.feather))
        layer = _finished(request, untouched(request.context, picture, blend), picture)
        return tuple(
            Made(layer, seed, PromptUsed(said.prompt, said.negative))
            for seed, said in zip(seeds_of(request), wordings, strict=True)
        )
    faces = faces_under(request, picture, selection) if request.only_faces else ()
    check_able(request, wordings, means)
    check_guides(request, means)
    if faces:
        made = _only_faces(faces, request, picture, wordings, means)
        return tuple(replace(it, layer=_finished(request, it.layer, picture)) for it in made)
    model = with_vae(diffusion_model(request.model, means), request, means)
    with Ladder(model, means) as ladder:
        return _remade(
            request, (picture, selection), wordings, model=model, ladder=ladder, means=means
        )


def _only_faces(
    faces: tuple[Face, ...],
    request: Regenerate,
    picture: Picture,
    wordings: tuple[Wording, ...],
    means: Means,
) -> tuple[Made, ...]:
    """The faces made anew by a diffusion model, or repaired by a network for faces."""
    if request.target is not None and request.resize is ResizeMode.LATENT:
        means.note("Faces are made in the picture at its new size; its pixels were stretched.")
    restorer = means.shelf.get(request.model, means.report)
    if isinstance(restorer, FaceRestorer):
        with Ladder(None, means) as ladder:
            return ladder.relieved(
                partial(repaired, faces, request, picture, restorer, means.report)
            )
    model = with_vae(diffusion_model(request.model, means), request, means)
    return remake(faces, request, picture, wordings, model=model, means=means)


def _remade(
    request: Regenerate,
    sent: tuple[Picture, Mask],
    wordings: tuple[Wording, ...],
    *,
    model: Model,
    ladder: Ladder,
    means: Means,
) -> tuple[Made, ...]:
    """The selection as a whole, as large as memory allows."""
    picture, selection = sent
    spec = model.spec
    while True:
        means.watch.enter("preparing")
        crop = ladder.relieved(partial(_prepared, request, sent, model, spec, means))
        try:
            large = large_crop(request, picture, selection, crop, spec)
            detail = Detail(model, request, request.seed, tile_side(0, spec), ladder=ladder)
            detailing = Detailing(crop, large, detail, means)
            made = _variations(crop, model, request, wordings, detailing, ladder=ladder)
            return (*made, *shown(crop, request))
        except SHORTAGES as error:
            spec = ladder.smaller(spec, crop.working, error)


def _prepared(
    request: Regenerate, sent: tuple[Picture, Mask], model: Model, spec: ModelSpec, means: Means
) -> Crop:
    """What the model works on, with its guides."""
    crop = prepare(request, *sent, spec, means.report)
    crop = with_latents(crop, request, spec, means)
    return guided(crop, request, model, means)


def _finished(request: Regenerate, layer: Layer, picture: Picture) -> Layer:
    """The layer of a result that is placed on the canvas, or that replaces it at another size."""
    return layer if request.target is None else covering(layer, picture)


def diffusion_model(name: str, means: Means) -> Model:
    """A model that makes pictures.

    Raises:
        RequestError: It only enlarges them, or as `Shelf.get`.
    """
    model = means.shelf.get(name, means.report)
    if isinstance(model, FaceRestorer):
        raise RequestError(
            ErrorCode.UNSUPPORTED_MODEL,
            f"{name} only repairs faces.",
            "Ask for the faces only, or choose a diffusion model.",
        )
    if isinstance(model, Upscaler):
        raise RequestError(
            ErrorCode.UNSUPPORTED_MODEL,
            f"{name} only enlarges pictures.",
            "Choose a diffusion model.",
        )
    if fast := model.spec.fast:
        means.note(
            f"The server is set to be fast ({fast}): without that, pictures differ a little."
        )
    return model


def _variations(
    crop: Crop,
    model: Model,
    request: Regenerate,
    wordings: tuple[Wording, ...],
    detailing: Detailing,
    *,
    ladder: Ladder,
) -> tuple[Made, ...]:
    """Sample → compose, for every seed with its wording: those that say the same in batches."""
    seeds, made, means = seeds_of(request), dict[int, Made](), detailing.means
    waiting = list(batches(wordings, request.batch))
    while waiting:
        numbers = waiting.pop(0)
        said = wordings[numbers[0]]
        told = telling(detailing.report, crop, len(made), request.count, len(numbers))
        asked = said.asked(request)
        try:
            with model.using(said):
                count = model.measure(said.text)
                note_unread(count, means)
                painted = paint(crop, model, asked, tuple(seeds[at] for at in numbers), told)
                drawn = [
                    detailing.draw(one, asked, seeds[number])
                    for number, one in zip(numbers, painted, strict=True)
                ]
        except SHORTAGES as error:
            if ladder.relieve(error):
                waiting = [numbers, *waiting]
                continue
            waiting = fewer_at_once([numbers, *waiting], error)
            means.note(f"There was not enough memory for {len(numbers)} variations at once.")
            continue
        means.watch.enter("composing")
        used = PromptUsed(said.prompt, said.negative, count.tokens, count.chunks)
        for number, one in zip(numbers, drawn, strict=True):
            made[number] = _composed(request, one, crop.original, seeds[number], used)
    return tuple(made[number] for number in range(request.count))


def _composed(
    request: Regenerate,
    drawn: Finished,
    original: Picture,
    seed: int,
    used: PromptUsed,
) -> Made:
    """A variation, brought back to the canvas."""
    whole, image, passes = drawn
    layer = compose(whole, image, strength=request.strength, match_color=request.match_color)
    return Made(_finished(request, layer, original), seed, used, passes)


def fewer_at_once(waiting: list[tuple[int, ...]], error: Exception) -> list[tuple[int, ...]]:
    """The batches for a try with half as many at once; raises the error when that can't help."""
    most = len(waiting[0]) // 2
    if not is_out_of_memory(error) or not most:
        raise error
    return [
        numbers[start : start + most]
        for numbers in waiting
        for start in range(0, len(numbers), most)
    ]
