"""The parts of reading and placing that need no Krita."""

from __future__ import annotations

import importlib
import sys
from types import SimpleNamespace
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scumble_protocol.geometry import Rect
from scumble_protocol.pixels import PixelFormat

# The package looks for a Krita when it is imported, and here finds none; it leaves no trace.
with patch.dict(sys.modules, krita=SimpleNamespace(Krita=SimpleNamespace(instance=lambda: None))):
    turned = importlib.import_module("scumble_krita.channels").turned
    strips = importlib.import_module("scumble_krita.portions").strips
    Space = importlib.import_module("scumble_krita.spaces").Space
    WIRE = importlib.import_module("scumble_krita.spaces").WIRE

RECTS = st.builds(
    Rect,
    x=st.integers(-50, 50),
    y=st.integers(-50, 50),
    width=st.integers(1, 300),
    height=st.integers(1, 300),
)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("pixels", [1, 7, 100_003])
def test_turning_exchanges_red_and_blue_alone(dtype: type[np.generic], pixels: int) -> None:
    samples = np.random.default_rng(1).integers(0, 256, (pixels, 4)).astype(dtype) * 201
    samples = samples.astype(dtype)
    sample = samples.dtype.itemsize
    there = turned(samples.tobytes(), sample)
    assert there == samples[:, [2, 1, 0, 3]].tobytes()
    assert turned(there, sample) == samples.tobytes()


@given(rect=RECTS, pixels=st.integers(1, 100_000))
def test_strips_cover_a_rectangle_once_and_in_order(rect: Rect, pixels: int) -> None:
    cut = list(strips(rect, pixels))
    assert [strip.y for strip in cut] == [rect.y, *(strip.bottom for strip in cut[:-1])]
    assert cut[-1].bottom == rect.bottom
    assert {(strip.x, strip.width) for strip in cut} == {(rect.x, rect.width)}
    assert all(strip.size.pixels <= max(pixels, rect.width) for strip in cut)


def test_only_8_bits_travel_as_8_bits() -> None:
    assert Space("CMYKA", "U8", "any").format is PixelFormat.RGBA8
    for depth in ("U16", "F16", "F32"):
        assert Space("RGBA", depth, "any").format is PixelFormat.RGBA16


def test_what_travels_is_srgb_with_its_curve() -> None:
    assert all(space.is_wire and space.format is wire for wire, space in WIRE.items())
    assert not Space("RGBA", "U16", "sRGB-elle-V2-g10.icc").is_wire
    assert not Space("RGBA", "F32", "sRGB-elle-V2-srgbtrc.icc").is_wire
    assert not Space("RGBA", "U8", "ClayRGB-elle-V2-g22.icc").is_wire
    assert not Space("GRAYA", "U8", "sRGB-elle-V2-srgbtrc.icc").is_wire
