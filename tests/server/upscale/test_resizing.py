from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scumble_protocol.geometry import Size
from scumble_server.pixels import opencv
from scumble_server.pixels.opencv import AREA, LANCZOS, LINEAR, Floats
from scumble_server.upscale.resizing import ResizedRows
from scumble_server.upscale.rows import ArrayRows, MixedRows, Rows


def noise(height: int, width: int) -> Floats:
    return np.random.default_rng(3).random((height, width, 3), np.float32)


def in_bands(rows: Rows, step: int) -> Floats:
    height = rows.size.height
    bands = [rows.read(start, min(start + step, height)) for start in range(0, height, step)]
    return np.concatenate(bands)


@given(
    width=st.integers(1, 40),
    height=st.integers(1, 40),
    factors=st.tuples(st.floats(1, 9), st.floats(1, 9)),
    step=st.integers(1, 50),
)
@pytest.mark.parametrize("method", [LANCZOS, LINEAR])
def test_rows_are_those_that_opencv_makes_of_the_whole(
    method: int, width: int, height: int, factors: tuple[float, float], step: int
) -> None:
    picture = noise(height, width)
    target = Size(round(width * factors[0]), round(height * factors[1]))
    whole = opencv.resized(picture, target.width, target.height, method)
    rows = in_bands(ResizedRows(ArrayRows(picture), target, method), step)
    np.testing.assert_allclose(rows, whole, atol=2e-5)


@given(
    width=st.integers(2, 60),
    height=st.integers(2, 60),
    across=st.floats(0.1, 1),
    down=st.floats(0.1, 1),
    step=st.integers(1, 50),
)
def test_what_becomes_smaller_is_averaged_as_opencv_does(
    width: int, height: int, across: float, down: float, step: int
) -> None:
    picture = noise(height, width)
    target = Size(max(1, int(width * across)), max(1, int(height * down)))
    whole = opencv.resized(picture, target.width, target.height, AREA)
    rows = in_bands(ResizedRows(ArrayRows(picture), target), step)
    np.testing.assert_allclose(rows, whole, atol=2e-4)


def test_a_mixture_has_as_much_of_the_second_as_is_said() -> None:
    one, other = np.full((4, 5, 3), 0.2, np.float32), np.full((4, 5, 3), 0.6, np.float32)
    mixed = MixedRows(ArrayRows(one), ArrayRows(other), 0.25)
    np.testing.assert_allclose(mixed.read(1, 3), np.full((2, 5, 3), 0.3), atol=1e-6)
