"""What is missing of a picture goes on as its surroundings are, texture and structure too."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
import skimage.data
from hypothesis import given
from hypothesis import strategies as st

from scumble_server.completion.complete import complete
from scumble_server.completion.pyramid import Hole
from scumble_server.pixels.fill import fill_unknown
from scumble_server.pixels.opencv import Floats
from tests.server.photos import photo

_data: Any = skimage.data


def unheard(_done: int, _of: int) -> None:
    """Nobody is told."""


def texture(name: str, side: int = 256) -> Floats:
    gray = np.asarray(getattr(_data, name)(), np.float32)[100 : 100 + side, 100 : 100 + side] / 255
    return np.dstack([gray] * 3)


def disk(side: int, radius: int) -> Hole:
    mask = np.zeros((side, side), np.uint8)
    cv2.circle(mask, (side // 2, side // 2), radius, 255, -1)
    return mask > 0


def liveliness(picture: Floats, where: Hole) -> float:
    """How much neighbours differ on average."""
    light = picture[..., 0]
    both = where[:, 1:] & where[:, :-1]
    return float(np.abs(np.diff(light, axis=1))[both].mean())


@pytest.mark.parametrize("name", ["brick", "grass", "gravel"])
def test_a_texture_goes_on_without_blur(name: str) -> None:
    picture, hole = texture(name), disk(256, 45)
    around = liveliness(picture, ~hole)
    completed = complete(picture * ~hole[..., None], hole, 1, unheard)
    blurred = fill_unknown(picture, (~hole).astype(np.float32))
    assert liveliness(blurred, hole) < 0.15 * around
    assert 0.7 * around < liveliness(completed, hole) < 1.3 * around


@pytest.mark.parametrize("name", ["grass", "gravel"])
def test_light_and_dark_are_as_common_as_around(name: str) -> None:
    picture, hole = texture(name), disk(256, 45)
    completed = complete(picture * ~hole[..., None], hole, 1, unheard)
    levels = np.linspace(0.05, 0.95, 19)
    inside = np.quantile(completed[hole], levels)
    around = np.quantile(picture[~hole], levels)
    assert np.abs(inside - around).mean() < 0.05


def test_a_horizon_goes_on() -> None:
    rows, columns = np.mgrid[:200, :240]
    is_ground = rows > 90 + 0.15 * columns
    ground, sky = texture("grass", 256)[:200, :240], np.float32(0.9)
    picture = np.where(is_ground[..., None], ground * 0.6, sky).astype(np.float32)
    hole = np.zeros((200, 240), bool)
    hole[70:150, 85:155] = True
    completed = complete(picture * ~hole[..., None], hole, 1, unheard)
    is_dark = cv2.blur(completed[..., 0], (5, 5)) < 0.7
    far = np.abs(rows - 90 - 0.15 * columns) > 8
    assert (is_dark == is_ground)[hole & far].mean() > 0.98


@pytest.mark.parametrize("seed", [1, 2])
def test_a_thing_before_a_calm_wall_leaves_the_wall(seed: int) -> None:
    picture = np.asarray(photo() / 255, np.float32)
    # A model of a shuttle, beside a face that might be brought along.
    outline = [(395, 0), (440, 0), (445, 60), (470, 130), (475, 230), (440, 270), (430, 275),
               (365, 275), (345, 230), (370, 130), (385, 70)]  # fmt: skip
    mask = np.zeros((512, 512), np.uint8)
    cv2.fillPoly(mask, [np.array(outline)], 255)
    hole = cv2.dilate(mask, np.ones((13, 13), np.uint8)) > 0
    completed = complete(picture, hole, seed, unheard)
    above_the_table = np.zeros_like(hole)
    above_the_table[:220] = hole[:220]
    wall = completed[above_the_table]
    assert wall.mean(axis=1).min() > 0.4, "nothing dark"
    assert np.ptp(wall, axis=1).max() < 0.25, "nothing colourful"


def test_the_seed_alone_decides() -> None:
    picture, hole = texture("gravel", 128), disk(128, 30)
    first, again, other = (complete(picture, hole, seed, unheard) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_what_was_in_the_hole_has_no_part() -> None:
    picture, hole = texture("gravel", 128), disk(128, 20)
    painted = picture.copy()
    painted[hole] = (1, 0, 1)
    np.testing.assert_array_equal(
        complete(picture, hole, 1, unheard), complete(painted, hole, 1, unheard)
    )


@given(
    height=st.integers(1, 60),
    width=st.integers(1, 60),
    left=st.integers(0, 59),
    top=st.integers(0, 59),
    side=st.integers(1, 40),
)
def test_any_hole_in_any_picture_is_filled_by_what_is_there(
    height: int, width: int, left: int, top: int, side: int
) -> None:
    channels = 3 + (height + width) % 2
    random = np.random.default_rng(height * 61 + width)
    picture = random.uniform(0.2, 0.6, (height, width, channels)).astype(np.float32)
    hole = np.zeros((height, width), bool)
    hole[top : top + side, left : left + side] = True
    completed = complete(picture, hole, 1, unheard)
    np.testing.assert_array_equal(completed[~hole], picture[~hole])
    assert completed.shape == picture.shape
    if hole.all():
        np.testing.assert_allclose(completed, 0.5)
    else:
        assert completed.min() > 0.2 - 1e-5
        assert completed.max() < 0.6 + 1e-5


def test_islands_and_corners_are_all_filled() -> None:
    picture, hole = texture("gravel"), np.zeros((256, 256), bool)
    for corner in (np.s_[:40, :40], np.s_[-30:, -60:], np.s_[100:130, 90:200], np.s_[70:72, 3:5]):
        hole[corner] = True
    completed = complete(picture * ~hole[..., None], hole, 1, unheard)
    around = liveliness(picture, ~hole)
    assert liveliness(completed, hole) > 0.6 * around
    np.testing.assert_array_equal(completed[~hole], picture[~hole])


def test_it_tells_how_far_it_is_and_can_be_stopped() -> None:
    picture, hole = texture("gravel", 128), disk(128, 30)
    told: list[tuple[int, int]] = []
    complete(picture, hole, 1, lambda done, of: told.append((done, of)))
    assert told == sorted(told)
    assert told[-1][0] == told[-1][1]
    assert len({of for _, of in told}) == 1

    class EnoughError(Exception):
        """Stop."""

    def stop(done: int, _of: int) -> None:
        if done == 3:
            raise EnoughError

    with pytest.raises(EnoughError):
        complete(picture, hole, 1, stop)


def test_a_hole_too_large_to_be_searched_is_copied_from_what_a_smaller_size_found() -> None:
    picture = np.tile(texture("gravel", 256), (3, 3, 1))
    hole = disk(768, 235)
    completed = complete(picture * ~hole[..., None], hole, 1, unheard)
    assert liveliness(completed, hole) > 0.6 * liveliness(picture, ~hole)
