"""How far a canvas is expanded for a ratio."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scumble_protocol.editor.canvas import Margins
from scumble_protocol.editor.ratios import PRESETS, Anchor, Ratio, margins_for
from scumble_protocol.errors import RequestError
from scumble_protocol.geometry import Size

SQUARE, WIDE = Size(900, 900), Ratio(16, 9)


def test_a_ratio_is_read_as_people_write_it() -> None:
    assert Ratio.of("16:9") == Ratio.of("16/9") == WIDE
    assert Ratio.of("1.5:1") == Ratio(1.5, 1)
    assert str(WIDE) == "16:9"
    assert str(Anchor.TOP_LEFT) == "top_left"


@pytest.mark.parametrize("text", ["", "16", "16:", "a:b", "0:1", "-1:2", "nan:1", "inf:1"])
def test_what_is_no_ratio_is_refused(text: str) -> None:
    with pytest.raises(RequestError, match="is no ratio"):
        Ratio.of(text)


def test_space_is_added_at_both_sides_alike() -> None:
    assert margins_for(SQUARE, WIDE) == Margins(left=350, right=350)
    assert margins_for(SQUARE, Ratio(9, 16)) == Margins(top=350, bottom=350)
    assert margins_for(Size(3, 2), Ratio(2, 1)) == Margins(left=0, right=1)


@pytest.mark.parametrize(
    ("anchor", "expected"),
    [
        (Anchor.LEFT, Margins(right=700)),
        (Anchor.BOTTOM_LEFT, Margins(right=700)),
        (Anchor.TOP_RIGHT, Margins(left=700)),
        (Anchor.TOP, Margins(left=350, right=350)),
    ],
)
def test_what_the_anchor_names_keeps_its_place(anchor: Anchor, expected: Margins) -> None:
    assert margins_for(SQUARE, WIDE, anchor) == expected


def test_an_anchor_at_the_bottom_adds_above() -> None:
    assert margins_for(SQUARE, Ratio(9, 16), Anchor.BOTTOM) == Margins(top=700)


@given(
    st.builds(Size, st.integers(1, 9000), st.integers(1, 9000)),
    st.sampled_from(PRESETS),
    st.sampled_from(Anchor),
)
def test_what_comes_has_the_ratio_to_the_pixel_and_grew_one_way(
    size: Size, ratio: Ratio, anchor: Anchor
) -> None:
    margins = margins_for(size, ratio, anchor)
    grown = margins.around(size)
    assert grown.width == size.width or grown.height == size.height
    exact = grown.height * ratio.width / ratio.height
    slack = max(1.0, ratio.width / ratio.height)
    assert abs(grown.width - exact) <= slack
