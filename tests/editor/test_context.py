"""Which part of the canvas is sent."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from scumble_protocol.editor.context import choose_context
from scumble_protocol.geometry import Rect, Size

SIDES = st.integers(1, 20_000)
MARGINS = st.integers(0, 1024)


@st.composite
def canvases(draw: st.DrawFn) -> tuple[Size, Rect]:
    """A canvas and a selection inside it."""
    canvas = Size(draw(SIDES), draw(SIDES))
    x, y = draw(st.integers(0, canvas.width - 1)), draw(st.integers(0, canvas.height - 1))
    width = draw(st.integers(1, canvas.width - x))
    height = draw(st.integers(1, canvas.height - y))
    return canvas, Rect(x, y, width, height)


def context(selection: Rect, canvas: Size, margin: int = 0, native_side: int = 0) -> Rect:
    return choose_context(
        selection, canvas, grow=0, feather=0, padding=margin, native_side=native_side
    )


def test_grow_feather_and_padding_add_up() -> None:
    chosen = choose_context(
        Rect(50, 60, 10, 20), Size(1000, 1000), grow=1, feather=2, padding=3, native_side=0
    )
    assert chosen == Rect(44, 54, 22, 32)


def test_a_small_selection_gets_the_models_native_side_around_it() -> None:
    assert context(Rect(500, 600, 10, 11), Size(2000, 2000), 0, 512) == Rect(249, 350, 512, 512)


def test_at_the_edge_the_context_is_shifted_rather_than_shrunk() -> None:
    assert context(Rect(0, 90, 10, 10), Size(100, 100), 20, 0) == Rect(0, 50, 50, 50)


def test_a_canvas_smaller_than_the_model_is_taken_whole() -> None:
    assert context(Rect(3, 4, 1, 1), Size(30, 600), 0, 512) == Rect(0, 0, 30, 512)


@given(canvases(), MARGINS, MARGINS, MARGINS, st.integers(0, 2048))
def test_the_context_is_inside_the_canvas_and_holds_all_that_it_should(
    canvas_and_selection: tuple[Size, Rect], grow: int, feather: int, padding: int, native: int
) -> None:
    canvas, selection = canvas_and_selection
    chosen = choose_context(
        selection, canvas, grow=grow, feather=feather, padding=padding, native_side=native
    )
    wanted = selection.grow(grow + feather + padding)
    assert Rect.of(canvas).contains(chosen)
    visible = wanted.intersect(Rect.of(canvas))
    assert visible is not None
    assert chosen.contains(visible)
    assert chosen.width == min(canvas.width, max(wanted.width, native))
    assert chosen.height == min(canvas.height, max(wanted.height, native))
