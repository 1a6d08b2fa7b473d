"""The docker, its actions and the preview over the canvas, in a real Krita without a server."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from PIL import Image

from tests.end_to_end.editors.hands import Point
from tests.end_to_end.editors.processes import wait_for
from tests.end_to_end.krita_desk import KritaDesk, krita_desk, require_krita
from tests.timing import MS

pytestmark = [pytest.mark.editor, pytest.mark.timeout(900)]

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = Path("/usr/share/krita")
OURS = (
    "scumble_regenerate", "scumble_again", "scumble_fill", "scumble_remove", "scumble_upscale",
    "scumble_cancel_job", "scumble_focus_prompt",
)  # fmt: skip
# These belong to the window of the text editor alone, which has actions of its own.
TEXT_EDITOR = ("format_", "svg_")

RECT = (150, 90, 100, 60)
TOOLS = """
import dataclasses
from scumble_krita.qt import is_deleted
from scumble_krita._vendor.scumble_protocol.editor.modes import Mode
from scumble_krita._vendor.scumble_protocol.editor.view import JobView, PreviewView
from scumble_krita._vendor.scumble_protocol.errors import ErrorCode, RequestError
from scumble_krita._vendor.scumble_protocol.geometry import Rect, Size
from scumble_krita._vendor.scumble_protocol.pixels import PixelFormat, Pixels

# Noise might look like the preview.
ground = doc().topLevelNodes()[0]
size = doc().width(), doc().height()
ground.setPixelData(b"\\xff" * (size[0] * size[1] * 4), 0, 0, *size)
doc().refreshProjection()

x, y, width, height = rect
pixels = Pixels(Size(2, 2), PixelFormat.RGBA8, bytes((255, 0, 255, 255)) * 4)
the_preview = None
panel = docker()._office.panel
real_view = type(panel).view


def with_preview(picture):
    shown = real_view(panel, picture)
    return dataclasses.replace(shown, preview=the_preview if picture else None)


panel.view = with_preview
canvas = lambda: app.activeWindow().activeView().canvas()


def canvas_box():
    port = docker().front.canvas().viewport()
    place = port.mapToGlobal(QPoint(0, 0))
    return [place.x(), place.y(), port.width(), port.height()]


def preview(is_shown):
    global the_preview
    the_preview = PreviewView(Rect(x, y, width, height), pixels) if is_shown else None
    docker().refresh()


def overlay():
    found = docker()._overlay
    # It dies with the view that it lies over.
    return found is not None and not is_deleted(found) and found.isVisible()
"""
LAYER = """
layer = doc().createNode("place", "paintlayer")
layer.setPixelData(bytes((255, 0, 255, 255)) * (width * height), x, y, width, height)
doc().rootNode().addChildNode(layer, None)
doc().refreshProjection()
"""
UNLAYER = "layer.remove(); doc().refreshProjection(); doc().waitForDone()"


class Edges(NamedTuple):
    """The outermost pixels of something on the screen."""

    left: int
    top: int
    right: int
    bottom: int


@pytest.fixture(scope="module")
def krita_without_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KritaDesk]:
    require_krita()
    with krita_desk(tmp_path_factory.mktemp("docker"), with_server=False) as desk:
        yield desk


@pytest.fixture
def desk(krita_without_server: KritaDesk) -> KritaDesk:
    desk = krita_without_server
    desk.new_document(512, 384)
    desk.krita.run(TOOLS, rect=RECT)
    desk.krita.run("canvas().setMirror(False); canvas().setRotation(0); preview(False)")
    return desk


def magenta(desk: KritaDesk, name: str) -> Edges:
    """The bounds of what is magenta on the canvas, once they stay the same."""
    seen: list[Edges | None] = [None]

    def settled() -> Edges | None:
        seen.append(_magenta_now(desk, name))
        return seen[-1] if seen[-1] == seen[-2] else None

    return wait_for(settled, 20_000 * MS, f"magenta in {name}")


def _magenta_now(desk: KritaDesk, name: str) -> Edges | None:
    left, top, width, height = desk.ask("canvas_box()")
    with Image.open(desk.photograph(name)) as screen:
        picture = screen.crop((left, top, left + width, top + height))
        red, green, blue = np.moveaxis(np.asarray(picture.convert("RGB"), dtype=int), 2, 0)
    rows, columns = np.nonzero((red > 200) & (blue > 200) & (green < 90))
    if not rows.size:
        return None
    return Edges(
        left + int(columns.min()),
        top + int(rows.min()),
        left + int(columns.max()),
        top + int(rows.max()),
    )


@pytest.mark.parametrize(
    ("zoom", "rotation", "is_mirrored", "dpi"),
    [
        (1.0, 0, False, 300),
        (0.5, 0, True, 300),
        (1.0, 30, False, 72),
        (1.0, 30, True, 300),
        (1.7, 90, True, 300),
        (2.0, 75, False, 120),
        (1.3, 200, True, 300),
        (0.33, -40, False, 300),
        (3.0, 0, False, 300),
    ],
)
def test_preview_lies_where_its_layer_will_be(
    desk: KritaDesk, zoom: float, rotation: float, is_mirrored: bool, dpi: int
) -> None:
    # Krita scales its view when the resolution changes, which takes a turn of its event loop.
    desk.krita.run("doc().setResolution(dpi); doc().waitForDone()", dpi=dpi)
    desk.krita.run(
        "canvas().setZoomLevel(zoom); canvas().setMirror(mirror); canvas().setRotation(rotation)",
        zoom=zoom, mirror=is_mirrored, rotation=rotation,
    )  # fmt: skip
    desk.krita.run(LAYER)
    desk.krita.run("doc().waitForDone()")
    layer = magenta(desk, "layer")
    desk.krita.run(UNLAYER)
    desk.krita.run("preview(True)")
    desk.wait_until("overlay()", "preview")
    preview = magenta(desk, "preview")
    # A dashed line of one pixel lies on the preview's edge.
    assert np.abs(np.subtract(preview, layer)).max() <= 2, (preview, layer)


def test_preview_follows_when_the_painter_scrolls(desk: KritaDesk) -> None:
    desk.krita.run("preview(True)")
    before = magenta(desk, "before")
    desk.krita.run(
        "from PyQt5.QtWidgets import QAbstractScrollArea\n"
        "area = docker()._overlay.parentWidget().parentWidget()\n"
        "area.horizontalScrollBar().setValue(area.horizontalScrollBar().value() + 40)"
    )
    desk.wait_until(
        "docker()._overlay._placement.scrolled[0] == area.horizontalScrollBar().value()",
        "movement of the preview",
    )
    assert np.subtract(before, magenta(desk, "after")).tolist() == [40, 0, 40, 0]


def test_preview_never_touches_the_document(desk: KritaDesk, tmp_path: Path) -> None:
    desk.krita.run("doc().setModified(False)")
    before, steps, tree = desk.merged(), desk.ask("history()"), desk.ask("tree()")
    desk.krita.run("preview(True)")
    desk.wait_until("overlay()", "preview")
    assert desk.merged() == before
    assert desk.ask("history()") == steps
    assert desk.ask("tree()") == tree
    assert not desk.ask("doc().modified()")


def test_the_painter_paints_through_the_preview(desk: KritaDesk) -> None:
    desk.krita.run("canvas().setZoomLevel(1.0); preview(True)")
    desk.wait_until("overlay()", "preview")
    desk.krita.run("app.action('KritaShape/KisToolBrush').trigger()")
    steps = desk.ask("len(history())")
    left, top, right, bottom = magenta(desk, "preview")
    desk.hands.drag(Point(left + 20, top + 20), Point(right - 20, bottom - 20))
    desk.wait_until(f"len(history()) == {steps + 1}", "stroke")


def test_preview_is_that_of_the_document_in_front(desk: KritaDesk) -> None:
    desk.krita.run("mine = docker()._picture\nfirst = doc()")
    desk.krita.run(
        "panel.view = lambda picture: dataclasses.replace(real_view(panel, picture),"
        " preview=the_preview if picture is mine else None)\npreview(True)"
    )
    desk.wait_until("overlay()", "preview")
    desk.krita.run("second = new(300, 300)")
    desk.wait_until("not overlay()", "end of the preview")
    desk.krita.run("second.setBatchmode(True); second.setModified(False); second.close()")
    desk.wait_until("overlay()", "preview")
    desk.krita.run("first.setBatchmode(True); first.setModified(False); first.close()")
    desk.wait_until("not overlay()", "end of the preview")


def test_no_shortcut_is_used_twice(desk: KritaDesk) -> None:
    ours, theirs = desk.krita.run(
        "from PyQt5.QtWidgets import QAction\n"
        "ours, theirs = {}, {}\n"
        "for action in {*app.actions(), *window().findChildren(QAction)}:\n"
        "    for shortcut in action.shortcuts():\n"
        "        name = action.objectName()\n"
        "        kept = ours if name.startswith('scumble_') else theirs\n"
        "        kept.setdefault(name, []).append(shortcut.toString())\n"
        "result = ours, theirs"
    )
    assert set(ours) == set(OURS)
    used = {key: name for name, keys in theirs.items() for key in keys}
    assert {key: used[key] for keys in ours.values() for key in keys if key in used} == {}
    assert len({key for keys in ours.values() for key in keys}) == len(OURS)


def test_no_shipped_scheme_of_shortcuts_has_ours() -> None:
    if not SHIPPED.is_dir():
        pytest.skip(f"needs Krita's files in {SHIPPED}")
    actions = ET.parse(ROOT / "krita_plugin/scumble_krita.action")  # noqa: S314 (our own file)
    ours = {action.text for action in actions.iter("shortcut")}
    theirs: dict[str, str] = {}
    for file in (SHIPPED / "shortcuts").glob("*.shortcuts"):
        for line in file.read_text("utf-8").splitlines():
            name, _, keys = line.partition("=")
            theirs.update({key.strip(): name for key in keys.split(";")})
    for file in (SHIPPED / "actions").glob("*.action"):
        for name, keys in re.findall(
            r'<Action name="([^"]+)">.*?<shortcut>([^<]*)</shortcut>',
            file.read_text("utf-8"),
            re.DOTALL,
        ):
            theirs.update({key.strip(): name for key in keys.split(";")})
    clashes = {key: theirs[key] for key in ours if key in theirs}
    assert {key for key, name in clashes.items() if not name.startswith(TEXT_EDITOR)} == set()


def test_the_actions_are_in_the_menu_of_scripts(desk: KritaDesk) -> None:
    entries = desk.krita.run(
        "from PyQt5.QtWidgets import QMenu\n"
        "menu = next(menu for menu in window().findChildren(QMenu)"
        " if any(a.objectName() == 'scumble_regenerate' for a in menu.actions()))\n"
        "result = [menu.title().replace('&', ''), [a.objectName() for a in menu.actions()]]"
    )
    assert entries[0] == "Scripts"
    assert [name for name in entries[1] if name.startswith("scumble_")] == list(OURS)


def test_a_key_leads_to_the_prompt_though_the_docker_is_closed(desk: KritaDesk) -> None:
    desk.krita.run("docker().setVisible(False)")
    desk.hands.press("ctrl+alt+shift+p")
    desk.wait_until(
        "docker().isVisible() and docker().panel.form.prompt.hasFocus()", "cursor in the prompt"
    )
    desk.hands.write("a boat")
    desk.wait_until("docker().panel.form.prompt.text() == 'a boat'", "text in the prompt")


def test_an_error_is_told_on_the_canvas_where_the_docker_is_closed(desk: KritaDesk) -> None:
    desk.krita.run("docker().setVisible(False)")
    desk.hands.press("ctrl+alt+r")
    desk.wait_until("shown().is_error", "error")
    told = "any('No Scumble server' in label.text() for label in window().findChildren(QLabel))"
    desk.krita.run("from PyQt5.QtWidgets import QLabel")
    desk.wait_until(told, "message on the canvas")
    desk.krita.run("docker().setVisible(True)")


def test_a_defect_becomes_a_status_and_a_line_in_the_log(desk: KritaDesk) -> None:
    desk.krita.run("panel.again = lambda picture: 1 / 0")
    desk.hands.press("ctrl+alt+n")
    desk.wait_until("'ZeroDivisionError' in shown().status", "status")
    assert desk.ask("app.activeWindow().qwindow().isEnabled()")
    log = desk.state / "krita.log"
    assert "ZeroDivisionError" in log.read_text("utf-8")
    desk.krita.run("del panel.again")


def test_every_window_has_a_docker_for_its_own_document(desk: KritaDesk) -> None:
    desk.krita.run("office = docker()._office; here = window(); other = app.openWindow()")
    desk.wait_until("len(office._living()) == 2", "second docker")
    desk.krita.run("second = app.createDocument(200, 200, 'other', 'RGBA', 'U8', '', 72.0)")
    desk.krita.run("other.addView(second)")
    sizes = (
        "[str(each._picture.bounds()) for window in (here, other.qwindow())"
        " for each in office._living() if each.parentWidget() is window and each._picture]"
    )
    desk.wait_until(f"{sizes} == ['512 \u00d7 384', '200 \u00d7 200']", "picture in each window")
    desk.krita.run("second.setModified(False); second.close(); other.qwindow().close()")
    desk.wait_until("len(office._living()) == 1", "end of the second docker")
    desk.krita.run("here.activateWindow()")
    desk.wait_until("docker()._picture is not None", "first docker, still at work")
