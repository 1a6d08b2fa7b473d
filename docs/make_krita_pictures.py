"""Makes the pictures of Krita: `python docs/make_krita_pictures.py`.

Starts a real server and a real Krita on a screen that nobody sees, has the demo's cookie made
there, and photographs it before, meanwhile and afterwards, in a dark and in a light theme.
It needs what the editors' tests need: `python3 installer test --editors` gets it.
"""
# ruff: noqa: E402, INP001 (a script beside the pages, no package)

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from scumble_cli.commands.demo import CENTRE, PROMPT, RADIUS, SAMPLE
from tests.end_to_end.krita_desk import KritaDesk, krita_desk

PICTURES = Path(__file__).parent / "pictures"
THEMES = {"dark": "Krita dark", "light": "Krita bright"}
WINDOW_WIDTH = 1280
"""Of the pictures of the whole window, in pixels."""
GAP = 12
PATIENCE = 300.0
"""Seconds for three cookies on a slow machine."""
SETTLING = 1.0
"""Seconds for a window to be drawn anew."""

TOOLS = """
import dataclasses
from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QAction


def choose_theme(name):
    next(a for a in window().findChildren(QAction) if a.text() == name).trigger()


def arrange():
    layers = next(each for each in app.dockers() if each.objectName() == "KisLayerBox")
    window().resizeDocks([docker()], [300], Qt.Horizontal)
    window().resizeDocks([layers, docker()], [420, 460], Qt.Vertical)


def open_sample(file):
    document = app.openDocument(file)
    show(document)


def select_disc(x, y, radius):
    side = 2 * radius + 1
    selection = Selection()
    disc = bytearray(side * side)
    for row in range(side):
        half = round((radius**2 - (row - radius) ** 2) ** 0.5)
        left = row * side + radius - half
        disc[left : left + 2 * half + 1] = b"\\xff" * (2 * half + 1)
    selection.setPixelData(bytes(disc), x - radius, y - radius, side, side)
    doc().setSelection(selection)


def set_up(prompt):
    form = docker().panel.form
    order = form.order()
    settings = dataclasses.replace(
        order.settings, prompt=prompt, seed=9, count=3, strength=1.0, padding=0
    )
    form.fill(dataclasses.replace(order, settings=settings))


def docker_box():
    place = docker().mapToGlobal(QPoint(0, 0))
    return [place.x(), place.y(), docker().width(), docker().height()]
"""


def main() -> None:
    """Make every picture anew."""
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name, krita_desk(Path(name)) as desk:
        desk.krita.run(TOOLS)
        desk.wait_until("shown().light.value == 'on' and bool(shown().models)", "connection")
        for theme, title in THEMES.items():
            desk.krita.run("choose_theme(title)", title=title)
            photographs = list(make_cookies(desk))
            docker_states(desk, photographs).save(
                PICTURES / f"krita-docker-{theme}.png", optimize=True
            )
            if theme == "dark":
                _, running, done = photographs
                save_window(running, PICTURES / "krita-running.jpg")
                save_window(done, PICTURES / "krita-done.jpg")


def make_cookies(desk: KritaDesk) -> Iterator[Path]:
    """Work as a painter does, and photograph it before, meanwhile and afterwards."""
    desk.krita.run("close_all()")
    desk.krita.run("open_sample(file)", file=str(SAMPLE))
    desk.wait_until("docker()._picture is not None", "picture in the docker")
    desk.krita.run("arrange(); set_up(prompt)", prompt=PROMPT)
    desk.krita.run("app.activeWindow().activeView().canvas().setZoomLevel(1.6)")
    desk.krita.run("select_disc(*disc)", disc=[*CENTRE, RADIUS])
    time.sleep(SETTLING)
    yield desk.photograph("idle")
    desk.click("scumble_run")
    desk.wait_until("(shown().job and shown().job.fraction or 0) > 0.28", "progress", PATIENCE)
    desk.wait_until("shown().preview is not None", "preview")
    yield desk.photograph("running")
    desk.wait_until("docker().panel.strip.count() == 3", "variations in the docker", PATIENCE)
    desk.finish()
    time.sleep(SETTLING)
    yield desk.photograph("done")


def docker_states(desk: KritaDesk, photographs: list[Path]) -> Image.Image:
    """The docker alone, in all its states side by side."""
    left, top, width, height = desk.ask("docker_box()")
    joined = Image.new("RGB", (len(photographs) * (width + GAP) - GAP, height), "white")
    for number, photograph in enumerate(photographs):
        with Image.open(photograph) as screen:
            docker = screen.convert("RGB").crop((left, top, left + width, top + height))
        joined.paste(docker, (number * (width + GAP), 0))
    return joined


def save_window(photograph: Path, file: Path) -> None:
    """The whole window, somewhat smaller."""
    with Image.open(photograph) as screen:
        height = round(screen.height * WINDOW_WIDTH / screen.width)
        small = screen.convert("RGB").resize((WINDOW_WIDTH, height), Image.Resampling.LANCZOS)
    small.save(file, quality=85, optimize=True)


if __name__ == "__main__":
    main()
