from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scumble_protocol.choices import MaskedContent
from scumble_protocol.errors import ErrorCode, RequestError
from scumble_protocol.geometry import Rect, Size
from scumble_server.pixels.fill import extend, fill_unknown
from scumble_server.pixels.opencv import Picture
from scumble_server.pixels.prepare import prepare
from tests.server.photos import opaque, photo
from tests.server.pixels.requests import SMALL, SPEC, ellipse, request_for

SIDE = Rect(0, 0, 128, 128)


def picture_of(depth: type[np.uint8 | np.uint16]) -> Picture:
    return opaque(photo()[:128, 150:278], depth)


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_the_model_sees_the_picture_at_its_full_depth(depth: type[np.uint8 | np.uint16]) -> None:
    picture = picture_of(depth)
    crop = prepare(request_for(SIDE), picture, ellipse(SIDE.size), SMALL)
    assert crop.original is picture
    assert crop.image.dtype == np.float32
    full = np.iinfo(depth).max
    np.testing.assert_array_equal(np.rint(crop.image * np.float64(full)), picture[..., :3])


def test_below_full_strength_the_model_sees_what_lies_under_the_mask() -> None:
    picture = picture_of(np.uint8)
    crop = prepare(request_for(SIDE, strength=0.99), picture, ellipse(SIDE.size), SMALL)
    np.testing.assert_allclose(crop.image, picture[..., :3] / 255, atol=1e-6)


def test_at_full_strength_the_model_sees_nothing_of_what_lies_under_the_mask() -> None:
    selection = ellipse(SIDE.size)
    request = request_for(SIDE, strength=1, feather=10)
    picture = picture_of(np.uint8)
    crop = prepare(request, picture, selection, SMALL)
    painted = picture.copy()
    painted[selection == 255, :3] = (255, 0, 255)
    other = prepare(request, painted, selection, SMALL)
    np.testing.assert_array_equal(crop.image, other.image)
    outside = crop.denoise == 0
    np.testing.assert_allclose(crop.image[outside], picture[outside][:, :3] / 255, atol=1e-6)


def test_filled_content_is_forgotten_below_full_strength_too() -> None:
    selection = ellipse(SIDE.size)
    picture = picture_of(np.uint8)
    filled = request_for(SIDE, strength=0.5, content=MaskedContent.FILL)
    full = request_for(SIDE, strength=1)
    np.testing.assert_array_equal(
        prepare(filled, picture, selection, SMALL).image,
        prepare(full, picture, selection, SMALL).image,
    )


def test_the_denoise_mask_is_the_selection_in_grey() -> None:
    selection = np.full((128, 128), 51, np.uint8)
    crop = prepare(request_for(SIDE), picture_of(np.uint8), selection, SMALL)
    np.testing.assert_allclose(crop.denoise, 0.2)
    assert (crop.blend >= 51).all()


def test_masks_come_at_the_working_size_and_at_the_size_of_the_context() -> None:
    context = Rect(10, 20, 300, 211)
    picture = opaque(photo()[:211, :300])
    crop = prepare(request_for(context, feather=20), picture, ellipse(context.size), SPEC)
    assert crop.denoise.shape == crop.image.shape[:2] == (crop.working.height, crop.working.width)
    assert crop.blend.shape == (211, 300)
    assert crop.denoise.min() == 0
    assert crop.denoise.max() == 1


def test_an_empty_selection_is_refused() -> None:
    with pytest.raises(RequestError) as refused:
        prepare(request_for(SIDE), picture_of(np.uint8), np.zeros((128, 128), np.uint8), SMALL)
    assert refused.value.code is ErrorCode.EMPTY_SELECTION


@pytest.mark.parametrize("size", [SIDE.size, Size(40, 50), Size(250, 230)])
@pytest.mark.parametrize("hidden", [0, 255])
def test_transparent_pixels_take_the_colour_of_their_surroundings(size: Size, hidden: int) -> None:
    picture = np.full((size.height, size.width, 4), hidden, np.uint8)
    alpha = ellipse(size, 0.7)
    picture[..., 3] = alpha
    picture[alpha > 0, :3] = (200, 120, 60)
    crop = prepare(request_for(Rect.of(size)), picture, ellipse(size, 0.3), SMALL)
    off = np.abs(crop.image * 255 - (200, 120, 60))
    assert off.max() <= 1.5


def test_a_wholly_transparent_picture_is_neutral_to_the_model() -> None:
    picture = np.zeros((128, 128, 4), np.uint8)
    crop = prepare(request_for(SIDE), picture, ellipse(SIDE.size), SMALL)
    np.testing.assert_allclose(crop.image, 0.5)


@given(
    height=st.integers(1, 40),
    width=st.integers(1, 40),
    known=st.floats(0, 1),
    value=st.floats(0, 1, width=32),
)
def test_what_is_carried_into_the_unknown_lies_between_the_known(
    height: int, width: int, known: float, value: float
) -> None:
    random = np.random.default_rng(height * 41 + width)
    weight = (random.random((height, width)) < known).astype(np.float32)
    values = random.uniform(min(value, 0.5), 0.5, (height, width, 2)).astype(np.float32)
    filled = extend(values, weight)
    assert filled.shape == values.shape
    np.testing.assert_array_equal(filled[weight == 1], values[weight == 1])
    known_values = values[weight == 1] if weight.any() else np.array([0.5])
    assert filled.min() >= known_values.min() - 1e-5
    assert filled.max() <= known_values.max() + 1e-5


def test_a_picture_that_is_wholly_known_is_not_touched() -> None:
    picture = np.zeros((5, 6, 3), np.float32)
    assert fill_unknown(picture, np.ones((5, 6), np.float32)) is picture
