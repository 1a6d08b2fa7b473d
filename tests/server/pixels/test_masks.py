from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scumble_protocol.errors import ErrorCode, RequestError
from scumble_protocol.geometry import Rect, Size
from scumble_server.pixels.masks import blend_mask, bounds, soften
from scumble_server.pixels.opencv import Mask
from tests.server.pixels.requests import ellipse

sizes = st.builds(Size, st.integers(1, 90), st.integers(1, 90))
places = st.tuples(st.integers(0, 89), st.integers(0, 89))
grows = st.integers(0, 40)
feathers = st.integers(0, 60)


def spot(size: Size, x: int, y: int, value: int) -> Mask:
    mask = np.zeros((size.height, size.width), np.uint8)
    mask[y % size.height, x % size.width] = value
    return mask


def reach(selection: Mask, mask: Mask) -> float:
    """How many rows or columns the mask reaches beyond the selection."""
    away = cv2.distanceTransform((selection == 0).astype(np.uint8), cv2.DIST_C, 3)
    return float(away[mask > 0].max())


@given(size=sizes, place=places, value=st.integers(1, 255), grow=grows, feather=feathers)
def test_masks_keep_within_grow_and_feather(
    size: Size, place: tuple[int, int], value: int, grow: int, feather: int
) -> None:
    selection = spot(size, *place, value)
    soft = soften(selection, grow, feather)
    assert soft.max() <= value
    assert reach(selection, soft) <= grow + feather
    assert reach(selection, blend_mask(soft)) <= grow + feather


@given(grow=st.integers(0, 30), feather=st.integers(0, 40))
def test_what_is_selected_stays_fully_selected(grow: int, feather: int) -> None:
    selection = ellipse(Size(160, 140))
    soft = soften(selection, grow, feather)
    assert (soft >= selection).all()
    wide = cv2.distanceTransform((selection < 255).astype(np.uint8), cv2.DIST_C, 3)
    assert (soft[wide == 0] == 255).all()
    assert (blend_mask(soft)[wide == 0] == 255).all()


@pytest.mark.parametrize(
    ("grow", "feather"), [(0, 0), (7, 0), (20, 0), (0, 12), (10, 40), (100, 30)]
)
def test_a_straight_edge_moves_by_grow_and_fades_over_feather(grow: int, feather: int) -> None:
    selection = np.zeros((21, 300), np.uint8)
    selection[:, :100] = 255
    row = soften(selection, grow, feather)[10].astype(int)
    assert (row[: 100 + grow] == 255).all()
    assert (row[100 + grow + feather :] == 0).all()
    rim = row[100 + grow : 100 + grow + feather]
    assert (np.diff(rim) <= 0).all()
    # Half way through the rim the mask is half.
    assert not feather or abs(rim[feather // 2 - 1 : feather // 2 + 1].mean() - 127.5) < 3


def test_a_grown_spot_is_round() -> None:
    selection = np.zeros((201, 201), np.uint8)
    selection[100, 100] = 255
    grown = soften(selection, 60, 0)
    y, x = np.ogrid[-100:101, -100:101]
    distance = np.hypot(x, y)
    assert (grown[distance <= 57] == 255).all()
    assert (grown[distance > 64] == 0).all()


def test_without_grow_and_feather_the_selection_is_the_mask() -> None:
    selection = ellipse(Size(97, 61))
    np.testing.assert_array_equal(soften(selection, 0, 0), selection)


def test_the_edge_of_a_hard_selection_is_blended_by_its_coverage() -> None:
    selection = ellipse(Size(97, 61))
    inside = cv2.erode((selection > 0).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    smoothed = ~inside & (selection > 0)
    assert (selection[smoothed] < 255).any()
    blend = blend_mask(selection)
    np.testing.assert_array_equal(blend[smoothed], selection[smoothed])
    assert (blend[inside] == 255).all()


def test_grey_from_a_quarter_on_is_shown_fully() -> None:
    selection = np.zeros((50, 50), np.uint8)
    selection[10:40, 10:40] = 64
    blend = blend_mask(selection)
    assert (blend[11:39, 11:39] == 255).all()
    assert (blend[10, 10:40] == 64).all()
    assert not blend[:10].any()


@given(st.lists(st.integers(0, 255), min_size=1, max_size=64))
def test_the_blend_mask_covers_exactly_what_is_denoised(values: list[int]) -> None:
    denoise = np.array([values], np.uint8)
    blend = blend_mask(denoise)
    np.testing.assert_array_equal(blend > 0, denoise > 0)
    assert (blend >= denoise).all()


@given(st.lists(st.sampled_from([0, 0, 40, 255]), min_size=30, max_size=30))
def test_the_blend_mask_does_not_depend_on_how_much_lies_around_it(values: list[int]) -> None:
    mask = np.array(values, np.uint8).reshape(5, 6)
    near, far = (blend_mask(np.pad(mask, beyond)) for beyond in (1, 9))
    np.testing.assert_array_equal(far, np.pad(near, 8))


def test_a_selection_up_to_the_edge_of_the_picture_stays_full_there() -> None:
    selection = np.zeros((80, 80), np.uint8)
    selection[:, :30] = 255
    soft = soften(selection, 5, 20)
    assert (soft[:, :35] == 255).all()
    np.testing.assert_array_equal(soft[0], soft[40])


def test_an_empty_selection_is_refused() -> None:
    with pytest.raises(RequestError) as refused:
        soften(np.zeros((8, 8), np.uint8), 10, 10)
    assert refused.value.code is ErrorCode.EMPTY_SELECTION


def test_bounds_are_those_of_all_that_is_above_zero() -> None:
    mask = np.zeros((20, 30), np.uint8)
    mask[5, 7] = 1
    mask[11, 20] = 255
    assert bounds(mask) == Rect.edges(7, 5, 21, 12)
