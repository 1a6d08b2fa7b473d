"""What an edit model moved is found and put back, on pictures that the tests move themselves."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from scumble_server.families.drift import find_drift, put_back
from scumble_server.pixels.opencv import Floats
from tests.server.photos import photo

SIDE = 512
ALLOWED = 0.2
"""Pixels by which a corner may be off."""


def picture() -> Floats:
    return np.asarray(photo() / 255, np.float32)


def moved(image: Floats, zoom: float, right: float, down: float) -> Floats:
    matrix = np.array([[zoom, 0, right], [0, zoom, down]], np.float32)
    return np.clip(
        cv2.warpAffine(image, matrix, (SIDE, SIDE), flags=cv2.INTER_CUBIC, borderMode=2), 0, 1
    )


def hole() -> NDArray[np.bool_]:
    kept = np.ones((SIDE, SIDE), bool)
    kept[150:380, 170:400] = False
    return kept


@pytest.mark.parametrize(
    ("zoom", "right", "down"),
    [(1, 3.4, 0), (1, 0, -3.4), (1.015, 0, 0), (0.985, 0, 0), (1.015, -3.4, 2.1), (1, 12, -9)],
)
def test_a_shift_and_a_zoom_are_found_to_a_fifth_of_a_pixel(
    zoom: float, right: float, down: float
) -> None:
    original = picture()
    image = moved(original, zoom, right, down)
    # What was asked for: something else under the mask, and another light everywhere.
    image[~hole()] = np.random.default_rng(0).random((int((~hole()).sum()), 3), np.float32)
    image = image * 0.9 + 0.05
    found = find_drift(image, original, hole())
    assert found is not None
    for x, y in ((0, 0), (SIDE, 0), (0, SIDE), (SIDE, SIDE)):
        assert found.zoom * x + found.right == pytest.approx(zoom * x + right, abs=ALLOWED)
        assert found.zoom * y + found.down == pytest.approx(zoom * y + down, abs=ALLOWED)


def test_what_was_moved_lies_where_it_was_once_it_is_put_back() -> None:
    original = picture()
    image = moved(original, 1.015, 3.4, -2)
    inside = np.s_[20:-20, 20:-20]
    off = np.abs(image - original)[inside].mean()
    assert np.abs(put_back(image, original, hole()) - original)[inside].mean() < off / 5


def test_what_did_not_move_stays_the_same_object() -> None:
    original = picture()
    assert put_back(original, original, hole()) is original


def test_another_picture_is_left_as_it_is() -> None:
    image = np.random.default_rng(0).random((SIDE, SIDE, 3), np.float32)
    assert put_back(image, picture(), hole()) is image


def test_a_plain_area_is_left_as_it_is() -> None:
    plain = np.full((SIDE, SIDE, 3), 0.5, np.float32)
    assert put_back(plain, plain, hole()) is plain


def test_nothing_is_told_where_nothing_was_to_stay() -> None:
    original = picture()
    assert find_drift(moved(original, 1, 3, 0), original, np.zeros((SIDE, SIDE), bool)) is None
