from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scumble_protocol.geometry import Rect, Size
from scumble_server.pixels.crop import working_size
from scumble_server.pixels.prepare import prepare
from scumble_server.spec import ModelSpec
from tests.server.photos import opaque, photo
from tests.server.pixels.requests import SMALL, SPEC, ellipse, request_for

SDXL = replace(SPEC, native_side=1024, min_side=512, max_side=2048, max_pixels=2**20)


@given(
    width=st.integers(1, 16384),
    height=st.integers(1, 16384),
    spec=st.sampled_from([SPEC, SDXL, SMALL]),
)
def test_both_sides_are_scaled_by_one_factor_and_fit_the_model(
    width: int, height: int, spec: ModelSpec
) -> None:
    size = working_size(Size(width, height), spec)
    # Sides are whole pixels, so that their factors are known to half a pixel; none is below 1.
    if min(size.content.width, size.content.height) > 1:
        off = abs(size.content.width / width - size.content.height / height)
        assert off <= 0.5 / width + 0.5 / height + 1e-9
    for padded, content in (
        (size.padded.width, size.content.width),
        (size.padded.height, size.content.height),
    ):
        assert padded % spec.multiple == 0
        assert padded >= spec.min_side
        assert content <= padded <= spec.max_side
        assert padded - content < max(spec.multiple, spec.min_side)
    assert size.padded.pixels <= spec.max_pixels


@pytest.mark.parametrize(
    ("context", "content", "padded"),
    [
        (Size(512, 512), Size(512, 512), Size(512, 512)),
        (Size(500, 500), Size(500, 500), Size(512, 512)),  # nearly native: not resampled
        (Size(600, 520), Size(600, 520), Size(640, 576)),
        (Size(128, 128), Size(512, 512), Size(512, 512)),
        (Size(100, 400), Size(256, 1024), Size(256, 1024)),
        (Size(2048, 2048), Size(768, 768), Size(768, 768)),
        (Size(4096, 1024), Size(1024, 256), Size(1024, 256)),
        (Size(1, 1), Size(512, 512), Size(512, 512)),
    ],
)
def test_small_contexts_grow_to_the_native_size_and_large_ones_shrink(
    context: Size, content: Size, padded: Size
) -> None:
    size = working_size(context, SPEC)
    assert (size.content, size.padded) == (content, padded)


@given(width=st.integers(1, 150), height=st.integers(1, 150))
def test_there_and_back_has_the_size_of_the_context(width: int, height: int) -> None:
    context = Rect(3, 5, width, height)
    picture = np.full((height, width, 4), 255, np.uint8)
    crop = prepare(request_for(context), picture, picture[..., 3].copy(), SMALL)
    assert crop.image.shape == (crop.working.height, crop.working.width, 3)
    assert crop.denoise.shape == (crop.working.height, crop.working.width)
    assert crop.place(crop.image).shape == (height, width, 3)
    np.testing.assert_allclose(crop.place(crop.image), 1, atol=1e-6)


@given(width=st.integers(59, 128), height=st.integers(59, 128))
def test_without_scaling_there_and_back_changes_nothing(width: int, height: int) -> None:
    picture = opaque(photo()[:height, :width])
    context = Rect(0, 0, width, height)
    crop = prepare(request_for(context), picture, ellipse(context.size), SMALL)
    assert crop.content == context.size
    np.testing.assert_array_equal(np.rint(crop.place(crop.image) * 255), picture[..., :3])


@pytest.mark.parametrize(
    ("size", "error"), [(Size(40, 30), 0.01), (Size(31, 45), 0.01), (Size(300, 250), 0.06)]
)
def test_with_scaling_there_and_back_is_off_by_interpolation_only(size: Size, error: float) -> None:
    picture = opaque(photo()[50 : 50 + size.height, 150 : 150 + size.width])
    crop = prepare(request_for(Rect.of(size)), picture, ellipse(size), SMALL)
    assert crop.content != size
    back = crop.place(crop.image) * 255 - picture[..., :3]
    assert np.abs(back).mean() < 255 * error
    # Nothing is shifted: the error does not get smaller when the picture is moved.
    here = np.abs(back[2:-2, 2:-2]).mean()
    for move in (-1, 1):
        moved = crop.place(crop.image) * 255 - np.roll(picture[..., :3].astype(float), move, 1)
        assert here < np.abs(moved[2:-2, 2:-2]).mean()


def test_padding_repeats_the_edge_and_comes_off_again() -> None:
    picture = opaque(photo()[:60, :61])
    context = Rect(0, 0, 61, 60)
    crop = prepare(request_for(context), picture, np.full((60, 61), 200, np.uint8), SMALL)
    assert crop.working == Size(64, 64)
    np.testing.assert_array_equal(crop.image[:60, 61:], crop.image[:60, 60:61].repeat(3, 1))
    np.testing.assert_array_equal(crop.image[60:], crop.image[59:60].repeat(4, 0))
    assert (crop.denoise == crop.denoise[0, 0]).all()
    assert crop.trim(crop.image).shape == (60, 61, 3)


def test_a_preview_of_any_size_loses_its_padding() -> None:
    size = Size(320, 200)
    picture = np.full((200, 320, 4), 255, np.uint8)
    crop = prepare(request_for(Rect.of(size)), picture, picture[..., 3].copy(), SPEC)
    latents = np.zeros((crop.working.height // 8, crop.working.width // 8, 4), np.uint8)
    trimmed = crop.trim(latents)
    assert trimmed.shape[1] / trimmed.shape[0] == pytest.approx(1.6, abs=0.05)
