from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from scumble_server.upscale.tiles import Span, spans, weights

lengths = st.integers(1, 700)
overlaps = st.integers(0, 40)
extras = st.integers(1, 300)
scales = st.integers(1, 4)


@given(length=lengths, overlap=overlaps, extra=extras)
def test_tiles_cover_every_pixel_and_share_what_was_asked_for(
    length: int, overlap: int, extra: int
) -> None:
    tile = 2 * overlap + extra
    found = spans(length, tile, overlap)
    assert (found[0].start, found[-1].stop) == (0, length)
    assert all(span.stop - span.start == min(tile, length) for span in found)
    for before, after in itertools.pairwise(found):
        assert before.start < after.start
        assert before.stop - after.start >= overlap


@given(length=lengths, overlap=overlaps, extra=extras, scale=scales)
def test_weights_of_all_tiles_sum_to_one_at_every_pixel(
    length: int, overlap: int, extra: int, scale: int
) -> None:
    tiles = spans(length, 2 * overlap + extra, overlap)
    total = np.zeros(length * scale)
    for tile, weight in zip(tiles, weights(tiles, scale), strict=True):
        assert (weight >= 0).all()
        total[tile.start * scale : tile.stop * scale] += weight
    np.testing.assert_allclose(total, 1, atol=1e-6)


def test_a_tile_counts_less_toward_its_shared_edges() -> None:
    first, second = weights((Span(0, 10), Span(6, 16)), scale=1)
    assert first[:6].tolist() == [1] * 6
    assert np.all(np.diff(first[6:]) < 0)
    assert np.all(np.diff(second[:4]) > 0)
    assert second[4:].tolist() == [1] * 6


def test_a_short_axis_is_one_tile() -> None:
    assert spans(96, 96, 32) == (Span(0, 96),)
