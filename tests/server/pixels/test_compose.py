from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from scumble_protocol.errors import ErrorCode, ServerError
from scumble_protocol.geometry import Rect, Size
from scumble_server.pixels.compose import Layer, compose, untouched
from scumble_server.pixels.crop import Crop
from scumble_server.pixels.masks import blend_mask, soften
from scumble_server.pixels.opencv import Floats, Picture, Samples
from scumble_server.pixels.prepare import prepare
from tests.server.photos import opaque, photo
from tests.server.pixels.requests import SMALL, SPEC, ellipse, request_for

depths = st.sampled_from([np.uint8, np.uint16])


def on_canvas(canvas: Picture, layer: Layer) -> Samples:
    """The canvas with the layer over it, as an editor shows it, where all is opaque."""
    rect = layer.rect
    area = np.s_[rect.y : rect.bottom, rect.x : rect.right]
    share = layer.mask[..., None] / 255
    shown = canvas.astype(np.float64)
    shown[area] = shown[area] * (1 - share) + layer.pixels * share
    return np.rint(shown).astype(canvas.dtype)


def made_by_a_model(crop: Crop) -> Floats:
    random = np.random.default_rng(3)
    return random.random(crop.image.shape, dtype=np.float32)


@given(
    canvas=st.builds(Size, st.integers(1, 90), st.integers(1, 90)),
    corner=st.tuples(st.floats(0, 1), st.floats(0, 1)),
    share=st.floats(0.05, 1),
    spot=st.tuples(st.floats(0, 1), st.floats(0, 1), st.integers(1, 30), st.integers(1, 255)),
    grow=st.integers(0, 12),
    feather=st.integers(0, 20),
    match=st.booleans(),
    depth=depths,
)
def test_everything_outside_the_blend_mask_is_identical(
    *,
    canvas: Size,
    corner: tuple[float, float],
    share: float,
    spot: tuple[float, float, int, int],
    grow: int,
    feather: int,
    match: bool,
    depth: type[np.uint8 | np.uint16],
) -> None:
    context = part_of(canvas, corner, share)
    random = np.random.default_rng(canvas.width)
    pixels: Picture = random.integers(
        0, np.iinfo(depth).max, (canvas.height, canvas.width, 4), depth, endpoint=True
    )
    inside = pixels[context.y : context.bottom, context.x : context.right]
    selection = np.zeros(inside.shape[:2], np.uint8)
    y, x = int(spot[0] * (context.height - 1)), int(spot[1] * (context.width - 1))
    selection[y : y + spot[2], x : x + spot[2]] = spot[3]
    request = request_for(context, canvas=canvas, grow=grow, feather=feather)
    crop = prepare(request, inside, selection, SMALL)
    layer = compose(crop, made_by_a_model(crop), strength=0.7, match_color=match)

    assert context.contains(layer.rect)
    assert layer.pixels.dtype == depth
    assert layer.mask.shape == layer.pixels.shape[:2]
    assert (layer.rect.height, layer.rect.width) == layer.mask.shape
    hidden = np.ones((canvas.height, canvas.width), bool)
    area = np.s_[layer.rect.y : layer.rect.bottom, layer.rect.x : layer.rect.right]
    hidden[area] = layer.mask == 0
    np.testing.assert_array_equal(on_canvas(pixels, layer)[hidden], pixels[hidden])
    # Even an editor that loses the mask shows the painter's own pixels there.
    np.testing.assert_array_equal(layer.pixels[layer.mask == 0], pixels[area][layer.mask == 0])
    assert reach(selection, hidden, context) <= grow + feather


def part_of(canvas: Size, corner: tuple[float, float], share: float) -> Rect:
    width, height = max(1, int(canvas.width * share)), max(1, int(canvas.height * share))
    return Rect(
        round(corner[0] * (canvas.width - width)),
        round(corner[1] * (canvas.height - height)),
        width,
        height,
    )


def reach(selection: NDArray[np.uint8], hidden: NDArray[np.bool_], context: Rect) -> int:
    """Rows and columns by which the shown reaches beyond the bounds of the selection."""
    rows, columns = np.nonzero(selection)
    shown_rows, shown_columns = np.nonzero(~hidden)
    beyond = max(
        rows.min() + context.y - shown_rows.min(),
        columns.min() + context.x - shown_columns.min(),
        shown_rows.max() - rows.max() - context.y,
        shown_columns.max() - columns.max() - context.x,
    )
    return int(beyond)


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_inside_the_mask_the_layer_is_what_the_model_made(
    depth: type[np.uint8 | np.uint16],
) -> None:
    size = Size(512, 512)
    crop = prepare(
        request_for(Rect.of(size), feather=20), opaque(photo(), depth), ellipse(size), SPEC
    )
    image = made_by_a_model(crop)
    layer = compose(crop, image, strength=0.7, match_color=False)
    rect = layer.rect
    made = np.rint(
        image[rect.y : rect.bottom, rect.x : rect.right] * np.float64(np.iinfo(depth).max)
    )
    shown = layer.mask > 0
    np.testing.assert_array_equal(layer.pixels[shown][:, :3], made[shown])
    assert (layer.pixels[..., 3] == np.iinfo(depth).max).all()
    assert layer.mask.max() == 255


def test_the_layer_is_as_large_as_what_is_shown() -> None:
    context = Rect(100, 50, 256, 256)
    selection = np.zeros((256, 256), np.uint8)
    selection[100:150, 90:170] = 255
    crop = prepare(
        request_for(context, grow=4, feather=10), opaque(photo()[:256, :256]), selection, SMALL
    )
    layer = compose(crop, crop.image, strength=0.7, match_color=False)
    # The blur's last pixel or two round down to nothing.
    selected = Rect.edges(190, 150, 270, 200)
    assert selected.grow(14).contains(layer.rect)
    assert layer.rect.contains(selected.grow(12))


def test_strength_zero_gives_the_pixels_that_were_sent() -> None:
    picture = opaque(photo()[:101, :73], np.uint16)
    context = Rect(7, 9, 73, 101)
    blend = blend_mask(soften(ellipse(context.size), 4, 10))
    layer = untouched(context, picture, blend)
    x, y = layer.rect.x - 7, layer.rect.y - 9
    same = picture[y : y + layer.rect.height, x : x + layer.rect.width]
    np.testing.assert_array_equal(layer.pixels, same)
    assert (layer.mask > 0).any(axis=0).all()


def test_numbers_that_ran_over_are_an_error() -> None:
    size = Size(64, 64)
    crop = prepare(request_for(Rect.of(size)), opaque(photo()[:64, :64]), ellipse(size), SMALL)
    image = crop.image.copy()
    image[3, 3, 1] = np.nan
    with pytest.raises(ServerError) as failed:
        compose(crop, image, strength=0.7, match_color=True)
    assert failed.value.code is ErrorCode.INTERNAL


def sprite() -> Picture:
    """Something opaque on a transparent layer, black where nothing is."""
    picture = opaque(photo()[:128, 150:278])
    picture[..., 3] = ellipse(Size(128, 128), 0.6)
    picture[picture[..., 3] == 0] = 0
    return picture


def test_at_low_strength_the_shape_of_something_transparent_is_kept() -> None:
    picture = sprite()
    selection = np.full((128, 128), 255, np.uint8)
    crop = prepare(request_for(Rect(0, 0, 128, 128), strength=0.4), picture, selection, SMALL)
    layer = compose(crop, crop.image, strength=0.4, match_color=False)
    np.testing.assert_array_equal(layer.pixels[..., 3], picture[..., 3])


def test_at_high_strength_what_was_transparent_is_painted() -> None:
    picture = sprite()
    selection = np.full((128, 128), 255, np.uint8)
    crop = prepare(request_for(Rect(0, 0, 128, 128), strength=1), picture, selection, SMALL)
    layer = compose(crop, crop.image, strength=1, match_color=False)
    assert (layer.pixels[..., 3] == 255).all()


def test_what_is_added_beside_a_picture_is_opaque_up_to_its_edge() -> None:
    picture = opaque(photo()[:302, :451])
    picture[:, 341:] = 0
    selection = np.where(picture[..., 3] == 0, 255, 0).astype(np.uint8)
    crop = prepare(request_for(Rect(0, 0, 451, 302), strength=1), picture, selection, SMALL)
    layer = compose(crop, crop.image, strength=1, match_color=False)
    assert (layer.rect.x, layer.rect.right) == (341, 451)
    assert (layer.pixels[..., 3] == 255).all()


def test_no_black_comes_from_below_transparency_into_a_smooth_edge() -> None:
    picture = np.zeros((128, 128, 4), np.uint8)
    picture[..., 3] = soften(ellipse(Size(128, 128), 0.4), 0, 20)
    picture[picture[..., 3] > 0, :3] = (200, 120, 60)
    selection = np.full((128, 128), 255, np.uint8)
    crop = prepare(request_for(Rect(0, 0, 128, 128), strength=0.4), picture, selection, SMALL)
    layer = compose(crop, crop.image, strength=0.4, match_color=False)
    assert np.abs(layer.pixels[..., :3].astype(int) - (200, 120, 60)).max() <= 2
