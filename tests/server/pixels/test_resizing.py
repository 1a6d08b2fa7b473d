"""Results of another size: how the picture, the selection and the latents are brought to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from scumble_protocol.choices import MaskedContent, ResizeMode, Sampler
from scumble_protocol.geometry import Rect, Size
from scumble_protocol.requests import Regenerate
from scumble_server.models.catalog import Catalog
from scumble_server.models.shelf import Shelf
from scumble_server.pixels.compose import Layer
from scumble_server.pixels.crop import scaled
from scumble_server.pixels.opencv import Floats, Picture
from scumble_server.pixels.prepare import prepare
from scumble_server.pixels.resizing import Frame, covering
from scumble_server.run import run
from scumble_server.sampling.resizing import picture_latents
from scumble_server.work.report import Report, silent
from tests.server.models.checkpoints import make_folder
from tests.server.photos import opaque, photo
from tests.server.pixels.pictures import Pictures
from tests.server.pixels.requests import SMALL, ellipse, request_for

SOURCE = Size(96, 64)
WIDE = Size(160, 64)
TINY = "tiny"


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("models")
    make_folder(folder / TINY)
    return Shelf(Catalog([folder], folder / "no-starter"), torch.device("cpu"))


def face(depth: type[np.uint8 | np.uint16] = np.uint8) -> Picture:
    return opaque(photo()[70:134, 180:276], depth)


def resized(
    shelf: Shelf,
    target: Size,
    mode: ResizeMode,
    change: Callable[[Regenerate], Regenerate] = lambda request: request,
    picture: Picture | None = None,
) -> Layer:
    """What a tiny model makes of the whole picture at another size."""
    pictures = Pictures()
    request = change(
        replace(
            request_for(Rect.of(SOURCE), strength=0.5),
            model=TINY,
            sampler=Sampler.DDIM,
            steps=4,
            target=target,
            resize=mode,
            image=pictures.keep(face() if picture is None else picture),
            mask=pictures.keep(np.full((64, 96), 255, np.uint8)),
        )
    )
    (layer,) = run(request, pictures.blobs.__getitem__, shelf, silent).layers
    return layer


@given(
    source=st.builds(Size, st.integers(1, 300), st.integers(1, 300)),
    target=st.builds(Size, st.integers(1, 300), st.integers(1, 300)),
    mode=st.sampled_from(ResizeMode),
)
def test_every_mode_fills_the_target_and_keeps_inside_both(
    source: Size, target: Size, mode: ResizeMode
) -> None:
    frame = Frame.of(source, target, mode)
    assert Rect.of(source).contains(frame.cut)
    assert Rect.of(target).contains(frame.placed)
    brought = frame.bring(np.full((source.height, source.width), 7, np.uint8))
    assert brought.shape == (target.height, target.width)
    assert (brought == 7).all()
    missing = frame.missing()
    assert missing.any() == (frame.placed != Rect.of(target))
    assert mode is ResizeMode.FILL or not missing.any()


def test_crop_cuts_both_sides_alike_and_fill_keeps_everything() -> None:
    cropped = Frame.of(SOURCE, Size(64, 64), ResizeMode.CROP)
    assert cropped.cut == Rect(16, 0, 64, 64)
    filled = Frame.of(SOURCE, WIDE, ResizeMode.FILL)
    assert filled.cut == Rect.of(SOURCE)
    assert filled.placed == Rect(32, 0, 96, 64)


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
@pytest.mark.parametrize("mode", [ResizeMode.STRETCH, ResizeMode.LATENT])
def test_strength_zero_gives_the_plainly_resized_picture(
    shelf: Shelf, depth: type[np.uint8 | np.uint16], mode: ResizeMode
) -> None:
    picture = face(depth)
    layer = resized(
        shelf, Size(144, 100), mode, lambda request: replace(request, strength=0.0), picture
    )
    assert layer.rect == Rect(0, 0, 144, 100)
    assert (layer.mask == 255).all()
    np.testing.assert_array_equal(layer.pixels, scaled(picture, Size(144, 100)))


@pytest.mark.parametrize("mode", list(ResizeMode))
def test_a_result_of_another_size_covers_it_wholly(shelf: Shelf, mode: ResizeMode) -> None:
    layer = resized(shelf, WIDE, mode)
    assert layer.rect == Rect.of(WIDE)
    assert layer.pixels.shape == (64, 160, 4)
    assert (layer.mask == 255).all()


def test_what_is_not_selected_is_only_resized(shelf: Shelf) -> None:
    pictures = Pictures()
    selection = np.zeros((64, 96), np.uint8)
    selection[:, :30] = 255
    layer = resized(shelf, Size(192, 128), ResizeMode.STRETCH)
    mask = pictures.keep(selection)

    def select(request: Regenerate) -> Regenerate:
        return replace(request, mask=mask)

    whole = Pictures()
    request = select(
        replace(
            request_for(Rect.of(SOURCE), strength=0.5),
            model=TINY,
            sampler=Sampler.DDIM,
            steps=4,
            target=Size(192, 128),
            image=whole.keep(face()),
        )
    )
    blobs = pictures.blobs | whole.blobs
    (partly,) = run(request, blobs.__getitem__, shelf, silent).layers
    assert partly.rect == layer.rect
    plain = scaled(face(), Size(192, 128))
    np.testing.assert_array_equal(partly.pixels[:, 80:], plain[:, 80:])
    assert (partly.pixels[:, :50] != plain[:, :50]).any()


def test_what_is_missing_continues_the_colours_and_is_made_anew() -> None:
    frame = Frame.of(SOURCE, WIDE, ResizeMode.FILL)
    picture = np.full((64, 96, 4), 255, np.uint8)
    picture[..., :3] = (10, 120, 200)
    brought = frame.bring_picture(picture)
    assert np.abs(brought.astype(int) - (10, 120, 200, 255)).max() <= 1
    missing = frame.missing()
    assert (missing[:, :32] == 255).all()
    assert (missing[:, 32:128] == 0).all()


def test_transparent_pixels_leave_no_fringe_when_a_picture_is_resized() -> None:
    picture = np.zeros((64, 96, 4), np.uint8)
    picture[:, 48:] = (250, 250, 250, 255)
    brought = Frame.of(SOURCE, Size(192, 128), ResizeMode.STRETCH).bring_picture(picture)
    seen = brought[brought[..., 3] > 0]
    assert seen[:, :3].min() >= 249
    assert brought[:, :80, 3].max() == 0
    assert brought[:, 110:, 3].min() == 255


def test_a_covering_layer_shows_through_its_mask_as_it_would_have_lain_there() -> None:
    below = opaque(np.full((4, 6, 3), 100, np.uint8))
    above = opaque(np.full((2, 3, 3), 200, np.uint8))
    mask = np.array([[0, 51, 255]] * 2, np.uint8)
    whole = covering(Layer(Rect(1, 1, 3, 2), above, mask), below)
    assert whole.rect == Rect(0, 0, 6, 4)
    assert whole.pixels[1, 1:4, 0].tolist() == [100, 120, 200]
    assert (whole.pixels[0] == below[0]).all()
    assert (whole.mask == 255).all()


def test_latents_are_resized_instead_of_pixels() -> None:
    asked = replace(request_for(Rect.of(Size(128, 64))), target=Size(192, 96))
    picture = opaque(photo()[70:134, 180:308])
    selection = ellipse(Size(128, 64))
    before = prepare(replace(asked, target=None), picture, selection, SMALL)
    frame = Frame.of(Size(128, 64), Size(192, 96), ResizeMode.LATENT)
    crop = prepare(asked, frame.bring_picture(picture), frame.bring(selection), SMALL)
    assert crop.context == Rect(0, 0, 192, 96)
    seen: list[Floats] = []

    def encode(image: Floats) -> torch.Tensor:
        seen.append(image)
        return torch.from_numpy(image[::8, ::8].copy()).permute(2, 0, 1)[None]

    plain = picture_latents(crop, encode)
    latents = picture_latents(replace(crop, latents_from=before), encode)
    assert seen[0] is crop.image
    assert seen[1] is before.image
    assert latents.shape == plain.shape
    # The same picture, but not the same latents.
    assert 0 < float((latents - plain).abs().mean()) < 0.15


def test_what_is_removed_is_removed_once_where_latents_are_resized() -> None:
    asked = replace(
        request_for(Rect.of(Size(128, 64)), content=MaskedContent.REMOVE),
        target=Size(192, 96),
        resize=ResizeMode.LATENT,
    )
    picture, selection = opaque(photo()[70:134, 180:308]), ellipse(Size(128, 64))
    frame = Frame.of(Size(128, 64), Size(192, 96), ResizeMode.LATENT)
    brought = frame.bring_picture(picture), frame.bring(selection)
    told: list[Report] = []
    crop = prepare(asked, *brought, SMALL, told.append)
    assert told == []
    # The thing is not seen there either.
    filled = prepare(replace(asked, content=MaskedContent.FILL), *brought, SMALL)
    np.testing.assert_array_equal(crop.image, filled.image)
    prepare(replace(asked, target=None), picture, selection, SMALL, told.append)
    assert told


def test_resizing_latents_gives_another_picture_than_resizing_pixels(shelf: Shelf) -> None:
    by_pixels, by_latents = (
        resized(shelf, Size(192, 128), mode).pixels
        for mode in (ResizeMode.STRETCH, ResizeMode.LATENT)
    )
    assert by_pixels.shape == by_latents.shape
    assert (by_pixels != by_latents).any()


@pytest.mark.parametrize("content", list(MaskedContent))
def test_every_masked_content_works_at_another_size(shelf: Shelf, content: MaskedContent) -> None:
    layer = resized(shelf, WIDE, ResizeMode.FILL, lambda request: replace(request, content=content))
    assert layer.rect == Rect.of(WIDE)
