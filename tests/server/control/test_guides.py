"""Guides are cut and scaled with the picture that they are for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scumble_protocol.geometry import Rect, Size
from scumble_protocol.guides import ControlKind, ReferenceKind
from scumble_server.control.guides import ControlGuide, Guides, Influence, ReferenceGuide

NETWORK: Any = None


def guides(width: int = 24, height: int = 16) -> Guides:
    ramp = np.linspace(-1, 1, width * height, dtype=np.float32).reshape(height, width)
    return Guides(
        (ControlGuide(ControlKind.INPAINT, np.dstack([ramp] * 3), NETWORK, Influence()),),
        (
            ReferenceGuide(
                ReferenceKind.ALL, np.zeros((5, 7, 3), np.float32), NETWORK, NETWORK, Influence()
            ),
        ),
        (np.clip(ramp, 0, 1),),
    )


@given(st.data())
def test_tiles_of_guides_are_parts_of_the_whole(data: st.DataObject) -> None:
    whole = guides()
    x, y = data.draw(st.integers(0, 23)), data.draw(st.integers(0, 15))
    area = Rect(x, y, data.draw(st.integers(1, 24 - x)), data.draw(st.integers(1, 16 - y)))
    tile = whole.cut(area)
    for part, picture in (
        (tile.controls[0].picture, whole.controls[0].picture),
        (tile.regions[0], whole.regions[0]),
    ):
        assert np.array_equal(part, picture[area.y : area.bottom, area.x : area.right])
    assert tile.references == whole.references


@given(st.integers(1, 60), st.integers(1, 60))
def test_resized_guides_keep_the_range_that_they_had(width: int, height: int) -> None:
    resized = guides().resized(Size(width, height))
    picture = resized.controls[0].picture
    assert picture.shape == (height, width, 3)
    assert resized.regions[0].shape == (height, width)
    assert -1 <= picture.min() <= picture.max() <= 1
    assert resized.controls[0].influence == Influence()


def test_padding_repeats_the_last_column_and_row() -> None:
    padded = guides().extended(3, 2)
    assert padded.regions[0].shape == (18, 27)
    assert (padded.regions[0][-1, -1] == guides().regions[0][-1, -1]).all()


def test_the_same_size_is_the_same_picture() -> None:
    whole = guides()
    assert whole.resized(Size(24, 16)).regions[0] is whole.regions[0]


@pytest.mark.parametrize(
    ("start", "end", "held"),
    [(0, 1, range(10)), (0.5, 1, range(5, 10)), (0, 0.3, range(3)), (0.45, 0.55, [])],
)
def test_an_influence_holds_in_its_part_of_the_steps(start: float, end: float, held: Any) -> None:
    influence = Influence(1.0, start, end)
    assert [step for step in range(10) if influence.holds(step, 10)] == list(held)


def test_a_weight_of_0_never_holds() -> None:
    assert not Influence(0.0).holds(0, 1)
