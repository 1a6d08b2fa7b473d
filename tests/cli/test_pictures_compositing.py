"""A layer over a picture, exactly."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from scumble_cli.pictures.colour import Samples
from scumble_cli.pictures.compositing import mix


@st.composite
def layers(draw: st.DrawFn) -> tuple[Samples, Samples, Samples]:
    """A picture, a layer and a mask."""
    kind = draw(st.sampled_from(["u1", "u2"]))
    shape = (draw(st.integers(1, 6)), draw(st.integers(1, 6)))
    before, layer = (draw(arrays.arrays(kind, (*shape, 4))) for _ in range(2))
    return before, layer, draw(arrays.arrays("u1", shape))


@given(layers())
def test_where_the_mask_is_black_or_white_nothing_is_computed(
    case: tuple[Samples, Samples, Samples],
) -> None:
    before, layer, mask = case
    mixed = mix(before, layer, mask)
    np.testing.assert_array_equal(mixed[mask == 0], before[mask == 0])
    np.testing.assert_array_equal(mixed[mask == 255], layer[mask == 255])
    assert mixed.dtype == before.dtype


@given(layers())
def test_a_layer_that_equals_the_picture_changes_nothing(
    case: tuple[Samples, Samples, Samples],
) -> None:
    before, _, mask = case
    np.testing.assert_array_equal(mix(before, before.copy(), mask), before)


@given(layers())
def test_opaque_pixels_are_mixed_as_the_mask_says(case: tuple[Samples, Samples, Samples]) -> None:
    before, layer, mask = case
    before[..., 3] = layer[..., 3] = np.iinfo(before.dtype).max
    weight = mask[..., np.newaxis].astype(float) / 255
    expected = before * (1 - weight) + layer * weight
    assert np.abs(mix(before, layer, mask) - expected).max() <= 0.5 + 1e-6


@given(layers())
def test_opacities_are_mixed_and_colours_weighted_by_them(
    case: tuple[Samples, Samples, Samples],
) -> None:
    before, layer, mask = case
    mixed = mix(before, layer, mask).astype(float)
    weight = mask.astype(float) / 255
    old, new = before[..., 3] * (1 - weight), layer[..., 3] * weight
    assert np.abs(mixed[..., 3] - (old + new)).max() <= 0.5 + 1e-6
    partly = (mask > 0) & (mask < 255) & (old + new > 0)
    colours = before[..., :3] * old[..., None] + layer[..., :3] * new[..., None]
    expected = colours[partly] / (old + new)[partly][:, None]
    assert np.all(np.abs(mixed[..., :3][partly] - expected) <= 0.5 + 1e-6)


def test_a_tall_picture_is_mixed_band_by_band() -> None:
    before = np.zeros((600, 2, 4), np.uint8)
    layer = np.full_like(before, 255)
    mask = np.full((600, 2), 255, np.uint8)
    np.testing.assert_array_equal(mix(before, layer, mask), layer)
