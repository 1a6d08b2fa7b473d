from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from scumble_protocol.geometry import Rect
from scumble_server.pixels.opencv import Floats
from scumble_server.upscale.rows import ArrayRows
from scumble_server.upscale.tiled import Layout, TiledRows
from scumble_server.upscale.tiles import spans


def same(tile: Floats, _place: Rect) -> Floats:
    return tile


@given(
    width=st.integers(1, 90),
    height=st.integers(1, 90),
    tile=st.integers(9, 40),
    overlap=st.integers(0, 4),
    step=st.integers(1, 100),
)
def test_tiles_that_stay_as_they_are_give_the_picture_back(
    width: int, height: int, tile: int, overlap: int, step: int
) -> None:
    picture = np.random.default_rng(1).random((height, width, 3), np.float32)
    layout = Layout(spans(height, tile, overlap), spans(width, tile, overlap))
    rows = TiledRows(ArrayRows(picture), layout, 1, same)
    read = [rows.read(start, min(start + step, height)) for start in range(0, height, step)]
    np.testing.assert_allclose(np.concatenate(read), picture, atol=1e-6)


def test_every_tile_is_told_where_it_lies() -> None:
    picture = np.random.default_rng(1).random((50, 70, 3), np.float32)
    layout = Layout(spans(50, 30, 6), spans(70, 30, 6))
    told: list[Rect] = []

    def work(tile: Floats, place: Rect) -> Floats:
        told.append(place)
        np.testing.assert_array_equal(tile, picture[place.y : place.bottom, place.x : place.right])
        return tile

    TiledRows(ArrayRows(picture), layout, 1, work).read(0, 50)
    assert tuple(told) == layout.places
    assert len(told) == layout.count


def test_rows_that_were_read_over_may_be_read_again_from_where_reading_stands() -> None:
    picture = np.random.default_rng(1).random((50, 20, 3), np.float32)
    rows = TiledRows(ArrayRows(picture), Layout(spans(50, 20, 4), spans(20, 20, 4)), 1, same)
    for start, stop in ((0, 10), (5, 30), (5, 31), (29, 50)):
        np.testing.assert_allclose(rows.read(start, stop), picture[start:stop], atol=1e-6)
