from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scumble_protocol.geometry import Size
from scumble_server.upscale.enlarge import enlarge
from scumble_server.upscale.lanczos import Lanczos
from scumble_server.upscale.upscaler import Upscaler
from scumble_server.work.report import Cancelled, Report, silent
from tests.server.photos import opaque, photo
from tests.server.upscale.networks import compact, load, write

DEPTHS = (np.uint8, np.uint16)


@pytest.fixture(params=["lanczos", "network"])
def upscaler(request: pytest.FixtureRequest, tmp_path: Path) -> Upscaler:
    if request.param == "lanczos":
        return Lanczos()
    return load(write(tmp_path / "x2.pth", compact()))


@pytest.mark.parametrize("depth", DEPTHS)
def test_depth_and_size_are_as_asked_for(
    upscaler: Upscaler, depth: type[np.uint8 | np.uint16]
) -> None:
    enlarged = enlarge(opaque(photo()[40:120, 180:281], depth), Size(202, 160), upscaler, silent)
    assert enlarged.dtype == depth
    assert enlarged.shape == (160, 202, 4)
    assert (enlarged[..., 3] == np.iinfo(depth).max).all()


@given(
    width=st.integers(1, 40),
    height=st.integers(1, 40),
    scale=st.floats(1, 8),
    depth=st.sampled_from(DEPTHS),
)
def test_lanczos_reaches_any_size_and_keeps_flat_colours(
    width: int, height: int, scale: float, depth: type[np.uint8 | np.uint16]
) -> None:
    full = int(np.iinfo(depth).max)
    flat = np.array((full // 3, full // 2, full), np.int64)
    picture = opaque(np.zeros((height, width, 3), np.uint8), depth)
    picture[..., :3] = flat
    target = Size(round(width * scale), round(height * scale))
    enlarged = enlarge(picture, target, Lanczos(), silent)
    assert enlarged.shape == (target.height, target.width, 4)
    off = np.abs(enlarged.astype(int) - picture[0, 0].astype(int)).max()
    assert off <= (1 if depth is np.uint8 else 4)


def test_sixteen_bits_are_more_than_eight() -> None:
    ramp = np.linspace(30000, 31000, 64).astype(np.uint16)
    picture = np.full((64, 64, 4), 65535, np.uint16)
    picture[..., :3] = ramp[None, :, None]
    enlarged = enlarge(picture, Size(128, 128), Lanczos(), silent)
    assert len(np.unique(enlarged[64, :, 0])) > 100


@pytest.mark.parametrize("hidden", [0, 255])
def test_what_is_transparent_leaves_no_fringe(upscaler: Upscaler, hidden: int) -> None:
    picture = np.full((48, 48, 4), hidden, np.uint8)
    picture[..., 3] = 0
    picture[12:36, 12:36] = (200, 120, 60, 255)
    enlarged = enlarge(picture, Size(96, 96), upscaler, silent)
    other = picture.copy()
    other[other[..., 3] == 0, :3] = 255 - hidden
    again = enlarge(other, Size(96, 96), upscaler, silent)
    # The colour under full transparency has no say in anything.
    np.testing.assert_array_equal(enlarged, again)


def test_a_flat_shape_keeps_its_colour_up_to_its_edge() -> None:
    picture = np.zeros((48, 48, 4), np.uint8)
    picture[12:36, 12:36] = (200, 120, 60, 255)
    enlarged = enlarge(picture, Size(144, 144), Lanczos(), silent)
    visible = enlarged[enlarged[..., 3] > 0][:, :3].astype(int)
    assert np.abs(visible - (200, 120, 60)).max() <= 2


@pytest.mark.parametrize("is_opaque", [True, False])
def test_memory_beyond_the_result_does_not_grow_with_it(is_opaque: bool) -> None:
    picture = opaque(photo())
    if not is_opaque:
        picture[:100, :, 3] = 0
    tracemalloc.start()
    try:
        enlarged = enlarge(picture, Size(6144, 6144), Lanczos(), silent)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # As floats the result alone would take 430 MiB.
    assert peak - enlarged.nbytes < 130 * 2**20


def test_cancel_stops_between_bands_where_there_are_no_tiles() -> None:
    told: list[Report] = []

    def cancel(report: Report) -> None:
        told.append(report)
        if len(told) == 3:
            raise Cancelled

    with pytest.raises(Cancelled):
        enlarge(opaque(photo()), Size(4096, 4096), Lanczos(), cancel)
    assert len(told) == 3
