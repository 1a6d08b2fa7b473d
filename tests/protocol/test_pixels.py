from __future__ import annotations

import pytest

from scumble_protocol.errors import ProtocolError
from scumble_protocol.geometry import Size
from scumble_protocol.pixels import PixelFormat, Pixels


@pytest.mark.parametrize(
    ("layout", "channels", "bytes_per_pixel"),
    [(PixelFormat.RGBA8, 4, 4), (PixelFormat.RGBA16, 4, 8), (PixelFormat.GRAY8, 1, 1)],
)
def test_a_format_knows_its_layout(
    layout: PixelFormat, channels: int, bytes_per_pixel: int
) -> None:
    assert (layout.channels, layout.bytes_per_pixel) == (channels, bytes_per_pixel)


@pytest.mark.parametrize("layout", PixelFormat)
def test_pixels_of_the_right_length_are_taken(layout: PixelFormat) -> None:
    data = bytes(6 * layout.bytes_per_pixel)
    assert Pixels(Size(3, 2), layout, data).data == data


@pytest.mark.parametrize("length", [0, 23, 25])
def test_pixels_of_another_length_are_refused(length: int) -> None:
    with pytest.raises(ProtocolError, match=f"take 24 bytes, not {length}"):
        Pixels(Size(3, 2), PixelFormat.RGBA8, bytes(length))
