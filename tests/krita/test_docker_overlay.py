"""The preview lies where the picture is, lets all input through, and keeps to the selection."""

from __future__ import annotations

import pytest

from tests.krita.conftest import QtProcess

TOOLS = """
from scumble_krita.overlay import PreviewOverlay
from scumble_krita.shape import Shape, selected_shape
from scumble_krita.viewport import Placement

area = QtWidgets.QWidget()
area.resize(400, 300)
below = QtWidgets.QWidget(area)
below.setGeometry(0, 0, 400, 300)
palette = below.palette()
palette.setColor(QtGui.QPalette.ColorRole.Window, QtGui.QColor(0, 0, 255))
below.setPalette(palette)
below.setAutoFillBackground(True)
area.show()
place = Placement(1.0, 0.0, False, (-50, -20), (200, 100), (400, 300))
overlay = PreviewOverlay(area, lambda: place, lambda do: do)


def preview(rect, side=2, rgba=(255, 0, 0, 255)):
    return PreviewView(rect, Pixels(Size(side, side), PixelFormat.RGBA8, bytes(rgba) * side**2))


def seen(x, y):
    turn()
    return color(area.grab().toImage(), x, y)[:3]


def put(x, y, **changes):
    point = dataclasses.replace(place, **changes).transform().map(QtCore.QPointF(x, y))
    return [round(point.x(), 3), round(point.y(), 3)]
"""
RED, BLUE = [255, 0, 0], [0, 0, 255]


@pytest.fixture(autouse=True)
def tools(qt: QtProcess) -> None:
    qt.run(TOOLS)


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ("", [60, 50]),
        ("scale=2.0", [70, 80]),
        ("scale=0.5, scrolled=(7, 9)", [-2, 6]),
        # Mirrored, what was 10 from the left is 10 from the right of 200.
        ("is_mirrored=True", [50 + 190, 50]),
        # Upright after a quarter turn, 100 wide: what was 30 from the top is 30 from the right.
        ("rotation=90.0", [50 + 70, 30]),
        ("rotation=180.0", [50 + 190, 20 + 70]),
        ("rotation=90.0, is_mirrored=True", [50 + 70, 20 + 190]),
    ],
)
def test_a_pixel_is_found_on_the_screen(qt: QtProcess, changes: str, where: list[float]) -> None:
    assert qt.ask(f"put(10, 30, {changes})") == where


def test_the_preview_covers_its_place_and_nothing_else(qt: QtProcess) -> None:
    qt.run("overlay.show_preview(preview(Rect(10, 10, 80, 60)))")
    assert qt.ask("[seen(100, 60), seen(61, 31), seen(138, 88)]") == [RED] * 3
    assert qt.ask("[seen(55, 60), seen(100, 25), seen(145, 60), seen(100, 95)]") == [BLUE] * 4


def test_it_is_gone_with_its_job(qt: QtProcess) -> None:
    qt.run("overlay.show_preview(preview(Rect(10, 10, 80, 60)))")
    assert qt.ask("overlay.isVisible()")
    qt.run("overlay.show_preview(None)")
    assert qt.ask("seen(100, 60)") == BLUE
    assert not qt.ask("overlay.isVisible()")


def test_it_follows_the_view(qt: QtProcess) -> None:
    qt.run("overlay.show_preview(preview(Rect(10, 10, 80, 60)))")
    qt.run("place = dataclasses.replace(place, scrolled=(-200, -150)); overlay.follow()")
    assert qt.ask("[seen(100, 60), seen(250, 190)]") == [BLUE, RED]


def test_it_asks_where_to_be_only_while_it_is_there(qt: QtProcess) -> None:
    timer = "overlay.findChild(QtCore.QTimer)"
    assert not qt.ask(f"{timer}.isActive()")
    qt.run("overlay.show_preview(preview(Rect(10, 10, 80, 60)))")
    assert qt.ask(f"{timer}.isActive() and {timer}.interval() >= 33")
    qt.run("overlay.show_preview(None)")
    assert not qt.ask(f"{timer}.isActive()")


def test_it_stays_inside_the_canvas(qt: QtProcess) -> None:
    qt.run("overlay.show_preview(preview(Rect(-500, -500, 5000, 5000)))")
    assert qt.ask("overlay.geometry() == QtCore.QRect(0, 0, 400, 300)")


def test_beyond_the_edge_of_the_view_it_is_hidden(qt: QtProcess) -> None:
    qt.run("overlay.show_preview(preview(Rect(1000, 10, 80, 60)))")
    assert not qt.ask("overlay.isVisible()")


def test_the_mouse_reaches_what_is_below(qt: QtProcess) -> None:
    qt.run("overlay.show_preview(preview(Rect(10, 10, 80, 60))); turn()")
    assert qt.ask("area.childAt(100, 60) is below")
    assert qt.ask("overlay.focusPolicy() == Qt.FocusPolicy.NoFocus")


def test_it_keeps_to_the_shape_of_the_selection(qt: QtProcess) -> None:
    qt.run(
        "class Selected:\n"
        "    def bounds(self): return Size(200, 100)\n"
        "    def selection(self): return Rect(20, 20, 40, 40)\n"
        "    def read_mask(self, rect):\n"
        "        half = bytes([255] * 20 + [0] * 20) * 40\n"
        "        return Pixels(rect.size, PixelFormat.GRAY8, half)\n"
        "overlay.show_preview(preview(Rect(0, 0, 100, 80)), selected_shape(Selected()))"
    )
    # Selected is the left half of a square from (70, 40) to (110, 80) on the screen.
    assert qt.ask("[seen(75, 60), seen(85, 60)]") == [RED, RED]
    assert qt.ask("[seen(95, 60), seen(105, 60), seen(60, 60), seen(75, 35)]") == [BLUE] * 4


@pytest.mark.parametrize("selection", ["None", "Rect(0, 0, 200, 100)"])
def test_nothing_and_everything_have_no_shape(qt: QtProcess, selection: str) -> None:
    qt.run(
        "class Selected:\n"
        "    def bounds(self): return Size(200, 100)\n"
        f"    def selection(self): return {selection}\n"
    )
    assert qt.ask("selected_shape(Selected()) is None")


def test_a_large_selection_is_kept_as_a_small_shape(qt: QtProcess) -> None:
    qt.run(
        "class Selected:\n"
        "    def bounds(self): return Size(4096, 4096)\n"
        "    def selection(self): return Rect(0, 0, 4096, 2048)\n"
        "    def read_mask(self, rect):\n"
        "        return Pixels(rect.size, PixelFormat.GRAY8, b'\\xff' * rect.size.pixels)\n"
        "shape = selected_shape(Selected())"
    )
    assert qt.ask("[shape.image.width(), shape.image.height()]") == [1024, 512]


def test_a_preview_marks_itself_with_dashes(qt: QtProcess) -> None:
    qt.run("overlay.show_preview(preview(Rect(10, 10, 80, 60))); turn()")
    edge = qt.run(
        "image = area.grab().toImage()\nresult = [color(image, x, 30)[:3] for x in range(62, 138)]"
    )
    assert len({tuple(pixel) for pixel in edge} - {tuple(RED), tuple(BLUE)}) >= 2
