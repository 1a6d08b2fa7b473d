from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scumble_protocol.errors import ErrorCode, RequestError
from scumble_protocol.geometry import MAX_OFFSET, MAX_SIDE, Rect, Size

near = st.builds(Rect, st.integers(-9, 9), st.integers(-9, 9), st.integers(1, 9), st.integers(1, 9))


def points(rect: Rect) -> set[tuple[int, int]]:
    return {(x, y) for x in range(rect.x, rect.right) for y in range(rect.y, rect.bottom)}


@pytest.mark.parametrize(("width", "height"), [(0, 5), (5, 0), (-1, 5)])
def test_an_empty_size_is_refused(width: int, height: int) -> None:
    with pytest.raises(RequestError, match="empty") as caught:
        Size(width, height)
    assert caught.value.code is ErrorCode.INVALID_VALUE


def test_a_size_beyond_any_canvas_is_refused() -> None:
    assert Size(MAX_SIDE, 1).pixels == MAX_SIDE
    with pytest.raises(RequestError) as caught:
        Size(1, MAX_SIDE + 1)
    assert caught.value.code is ErrorCode.TOO_LARGE


def test_a_size_reads_as_people_write_it() -> None:
    assert str(Size(640, 480)) == "640 × 480"  # noqa: RUF001


@pytest.mark.parametrize(("x", "y"), [(MAX_OFFSET + 1, 0), (0, -MAX_OFFSET - 1)])
def test_a_rectangle_far_from_every_canvas_is_refused(x: int, y: int) -> None:
    with pytest.raises(RequestError, match="too far"):
        Rect(x, y, 1, 1)


def test_a_rectangle_needs_a_size() -> None:
    with pytest.raises(RequestError, match="empty"):
        Rect(0, 0, 0, 1)


def test_a_rectangle_knows_its_edges_and_its_size() -> None:
    rect = Rect(2, 3, 10, 20)
    assert (rect.right, rect.bottom, rect.size) == (12, 23, Size(10, 20))
    assert Rect.edges(2, 3, 12, 23) == rect
    assert Rect.of(Size(10, 20)) == Rect(0, 0, 10, 20)


@given(near, near)
def test_the_intersection_has_exactly_the_common_points(one: Rect, other: Rect) -> None:
    common = one.intersect(other)
    assert (points(common) if common else set()) == points(one) & points(other)


@given(near, near)
def test_a_rectangle_contains_another_if_it_has_all_its_points(one: Rect, other: Rect) -> None:
    assert one.contains(other) == (points(other) <= points(one))


@given(near, st.integers(0, 5))
def test_growing_adds_a_border(rect: Rect, pixels: int) -> None:
    grown = rect.grow(pixels)
    assert grown.contains(rect)
    assert grown.size == Size(rect.width + 2 * pixels, rect.height + 2 * pixels)
    assert (rect.x - grown.x, rect.y - grown.y) == (pixels, pixels)


@given(near, st.integers(-9, 9), st.integers(-9, 9))
def test_moving_there_and_back_changes_nothing(rect: Rect, dx: int, dy: int) -> None:
    moved = rect.moved(dx, dy)
    assert (moved.x - rect.x, moved.y - rect.y) == (dx, dy)
    assert moved.moved(-dx, -dy) == rect
