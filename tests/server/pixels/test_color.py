from __future__ import annotations

import numpy as np
import pytest

from scumble_protocol.geometry import Rect, Size
from scumble_server.pixels import opencv
from scumble_server.pixels.color import match_color
from scumble_server.pixels.crop import Crop
from scumble_server.pixels.opencv import Floats
from scumble_server.pixels.prepare import prepare
from tests.server.photos import opaque, photo
from tests.server.pixels.requests import SPEC, ellipse, request_for

SIZE = Size(512, 512)


@pytest.fixture
def crop() -> Crop:
    request = request_for(Rect.of(SIZE), grow=8, feather=24)
    return prepare(request, opaque(photo()), ellipse(SIZE, 0.5), SPEC)


def difference(one: Floats, other: Floats, where: Floats) -> float:
    """Mean distance of colours in Lab where the mask is above 0."""
    distance = np.linalg.norm(opencv.lab(one) - opencv.lab(other), axis=2)
    return float(distance[where > 0].mean())


def shifted(picture: Floats, lightness: float, a: float, b: float) -> Floats:
    return opencv.srgb(opencv.lab(picture) + np.array([lightness, a, b], np.float32))


@pytest.mark.parametrize("shift", [(6, 0, 0), (-8, 3, 4), (0, -6, 8), (3, 10, -10)])
def test_a_tint_of_the_whole_picture_is_taken_off(
    crop: Crop, shift: tuple[float, float, float]
) -> None:
    # Away from black and white, where a shift is clipped and can't be known again.
    picture = crop.image * 0.6 + 0.2
    tinted = shifted(picture, *shift)
    before = difference(tinted, picture, crop.denoise)
    matched = match_color(tinted, picture, crop.denoise)
    assert difference(matched, picture, crop.denoise) < 0.1 * before


def test_a_shift_that_differs_from_side_to_side_is_followed(crop: Crop) -> None:
    picture = crop.image * 0.6 + 0.2
    slope = np.linspace(-8, 8, SIZE.width, dtype=np.float32)[None, :, None]
    tinted = opencv.srgb(opencv.lab(picture) + slope * np.array([1, 0, 0], np.float32))
    before = difference(tinted, picture, crop.denoise)
    matched = match_color(tinted, picture, crop.denoise)
    assert difference(matched, picture, crop.denoise) < 0.3 * before


def test_a_new_thing_in_the_middle_keeps_its_colour(crop: Crop) -> None:
    made = crop.image.copy()
    inner = ellipse(SIZE, 0.3) == 255
    made[inner] = (1, 0, 0)
    matched = match_color(made, crop.image, crop.denoise)
    np.testing.assert_allclose(matched[inner], made[inner], atol=0.02)


def test_detail_stays_as_the_model_made_it(crop: Crop) -> None:
    noise = np.random.default_rng(5).normal(0, 0.03, crop.image.shape).astype(np.float32)
    picture = crop.image * 0.6 + 0.2
    detailed = np.clip(picture + noise, 0, 1)
    matched = match_color(detailed, picture, crop.denoise)
    fine = [it - opencv.gaussian_blurred(it, 3) for it in (matched, detailed)]
    inside = crop.denoise == 1
    assert np.corrcoef(fine[0][inside].ravel(), fine[1][inside].ravel())[0, 1] > 0.999


def test_the_seam_is_gone_at_the_rim(crop: Crop) -> None:
    picture = crop.image * 0.6 + 0.2
    tinted = shifted(opencv.gaussian_blurred(picture, 1.5), 5, 3, -6)
    rim = ((crop.denoise > 0) & (crop.denoise < 0.5)).astype(np.float32)
    soft = [opencv.gaussian_blurred(it, 6) for it in (picture, tinted)]
    matched = opencv.gaussian_blurred(match_color(tinted, picture, crop.denoise), 6)
    assert difference(soft[1], soft[0], rim) > 7
    # A difference in Lab of 1 is about what an eye can just see side by side.
    assert difference(matched, soft[0], rim) < 1


@pytest.mark.parametrize("level", [1.0, 0.3])
def test_without_surroundings_nothing_is_matched(crop: Crop, level: float) -> None:
    everywhere = np.full_like(crop.denoise, level)
    tinted = shifted(crop.image, 5, 5, 5)
    assert match_color(tinted, crop.image, everywhere) is tinted


def test_a_thin_line_of_surroundings_is_enough(crop: Crop) -> None:
    picture = crop.image * 0.6 + 0.2
    denoise = np.ones_like(crop.denoise)
    denoise[:, :16] = 0
    matched = match_color(shifted(picture, 6, 0, 0), picture, denoise)
    assert difference(matched, picture, denoise) < 1


@pytest.mark.parametrize("size", [(1, 1), (1, 200), (200, 1), (7, 300)])
def test_the_oddest_sizes_work(size: tuple[int, int]) -> None:
    picture = np.full((*size, 3), 0.5, np.float32)
    denoise = np.zeros(size, np.float32)
    denoise[-1, -1] = 1
    assert match_color(picture, picture, denoise).shape == picture.shape
