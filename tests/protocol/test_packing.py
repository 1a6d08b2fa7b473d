from __future__ import annotations

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scumble_protocol.errors import ProtocolError
from scumble_protocol.geometry import Size
from scumble_protocol.images import ImageRef
from scumble_protocol.packing import MIN_ROW, Layout, pack, unpack
from scumble_protocol.pixels import PixelFormat

layouts = st.builds(Layout, st.just(0) | st.integers(64, 200), st.integers(1, 8))


def gradient(width: int, height: int) -> bytes:
    """An opaque picture whose colours change slowly both ways."""
    return bytes(
        value
        for y in range(height)
        for x in range(width)
        for value in (x % 256, y % 256, (x + y) % 256, 255)
    )


@given(st.binary(min_size=1, max_size=1000), layouts)
def test_unpacking_gives_back_what_was_packed(data: bytes, layout: Layout) -> None:
    assert unpack(pack(data, layout), layout, len(data)) == data


@pytest.mark.parametrize("layout", PixelFormat)
def test_whole_rows_and_odd_ends_come_back(layout: PixelFormat) -> None:
    image = Layout.of(ImageRef("0" * 32, Size(100, 9), layout))
    for length in (1, image.row - 1, image.row, image.row + 1, 3 * image.row, 5 * image.row + 7):
        data = bytes(range(251)) * (length // 251 + 1)
        assert unpack(pack(data[:length], image), image, length) == data[:length]


def test_the_packed_bytes_are_row_differences_sorted_by_channel() -> None:
    row = MIN_ROW
    above = bytes(range(row))
    below = bytes((value * 3 + 250) % 256 for value in range(row))
    differences = above + bytes((b - a) % 256 for a, b in zip(above, below, strict=True))
    planes = b"".join(differences[place::4] for place in range(4))
    assert zlib.decompress(pack(above + below, Layout(row, 4))) == planes


def test_a_smooth_picture_packs_better_than_without_its_layout() -> None:
    data = gradient(128, 64)
    assert len(pack(data, Layout(512, 4))) < len(pack(data, Layout())) / 4


@pytest.mark.parametrize(
    ("size", "layout", "expected"),
    [
        (Size(100, 2), PixelFormat.RGBA8, Layout(400, 4)),
        (Size(100, 2), PixelFormat.RGBA16, Layout(800, 8)),
        (Size(64, 2), PixelFormat.GRAY8, Layout(64, 1)),
        (Size(63, 2), PixelFormat.GRAY8, Layout(0, 1)),
        (Size(2**20, 1), PixelFormat.RGBA16, Layout(2**23, 8)),
    ],
)
def test_the_layout_of_a_picture_follows_from_its_size_and_format(
    size: Size, layout: PixelFormat, expected: Layout
) -> None:
    assert Layout.of(ImageRef("0" * 32, size, layout)) == expected


@pytest.mark.parametrize(
    ("row", "pixel"), [(1, 1), (63, 1), (2**24 + 1, 1), (-1, 1), (0, 0), (0, 9)]
)
def test_an_impossible_layout_is_refused(row: int, pixel: int) -> None:
    with pytest.raises(ProtocolError, match="impossible"):
        Layout(row, pixel)


def test_a_piece_may_fill_the_allowance_but_not_pass_it() -> None:
    data = bytes(1000)
    assert unpack(pack(data, Layout()), Layout(), 1000) == data
    with pytest.raises(ProtocolError, match="above 999"):
        unpack(pack(data, Layout()), Layout(), 999)


def test_a_bomb_is_not_unpacked() -> None:
    bomb = zlib.compress(bytes(2**26))
    with pytest.raises(ProtocolError, match="above 100"):
        unpack(bomb, Layout(), 100)


@pytest.mark.parametrize(
    "packed",
    [b"", b"no zlib", zlib.compress(b""), zlib.compress(b"cut")[:-1], zlib.compress(b"x") + b"y"],
)
def test_what_is_no_complete_stream_is_refused(packed: bytes) -> None:
    with pytest.raises(ProtocolError):
        unpack(packed, Layout(), 100)


@given(st.binary(max_size=100), layouts)
def test_any_bytes_unpack_or_are_refused(packed: bytes, layout: Layout) -> None:
    try:
        data = unpack(packed, layout, 100)
    except ProtocolError:
        return
    assert 1 <= len(data) <= 100
