"""A painter at a GIMP who works from the panel, with mouse and keys."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from PIL import Image

from scumble_protocol import endpoint
from scumble_protocol.program import write_program
from tests.end_to_end.editors.gimp import GimpError, GimpWindow, open_window
from tests.end_to_end.editors.hands import Hands, Point
from tests.end_to_end.editors.processes import wait_for
from tests.end_to_end.gimp.desk import Desk
from tests.end_to_end.gimp.painter import MAIN, Painter
from tests.end_to_end.server_process import ServerProcess
from tests.timing import MS

PICTURES: Final = "result = len(Gimp.get_images())"
EYES: Final = Path(__file__).parent / "eyes"
PATIENCE: Final = 60_000 * MS
PANEL: Final = "^Scumble$"
A_JOB: Final = 240_000 * MS

# Names that every later piece of code in the panel's process finds.
WORDS: Final = '''
import gc
from gi.repository import Gdk, Gimp, Gtk

panel_window = next(each for each in gc.get_objects() if type(each).__name__ == "PanelWindow")
content, form = panel_window._content, panel_window._content.form
panel = panel_window._panel


def below(widget):
    yield widget
    if isinstance(widget, Gtk.Container):
        # `forall` finds the buttons of a combo box as well.
        found = []
        widget.forall(found.append)
        for child in found:
            yield from below(child)


def widgets(name):
    found = [each for top in Gtk.Window.list_toplevels() for each in below(top)]
    return [each for each in found if each.get_name() == name and each.get_mapped()]


def widget(name, number=0):
    return widgets(name)[number]


def box(name, number=0):
    """Left, upper, right and lower edge on the screen, scrolled into sight."""
    found = widget(name, number)
    scroll_to(found)
    top = found.get_toplevel()
    x, y = found.translate_coordinates(top, 0, 0)
    _, left, upper = top.get_window().get_origin()
    return [left + x, upper + y, left + x + found.get_allocated_width(),
            upper + y + found.get_allocated_height()]


def scroll_to(found):
    inside = content.widget.get_child().get_child()
    if found.is_ancestor(inside):
        _, y = found.translate_coordinates(inside, 0, 0)
        content.widget.get_vadjustment().clamp_page(y, y + found.get_allocated_height())


def opened():
    return [top.get_child() for top in Gtk.Window.list_toplevels() if top.get_mapped()]


def shown():
    """What the panel shows at this moment."""
    return panel.view(panel_window._picture)


def variations():
    return panel_window._picture.variations()
'''


class Panel:
    """The process of an open panel."""

    def __init__(self, process: int, port: int, hands: Hands) -> None:
        self.process = process
        self._port = port
        self._hands = hands
        self.run(WORDS)

    def run(self, code: str, **values: object) -> Any:
        """Run code in it and give what it assigned to `result`.

        Raises:
            GimpError: The code raised.
        """
        address = ("127.0.0.1", self._port)
        with socket.create_connection(address, PATIENCE) as peer, peer.makefile("rwb") as stream:
            stream.write(json.dumps({"code": code, "values": values}).encode() + b"\n")
            stream.flush()
            answer = json.loads(stream.readline())
        if answer["error"]:
            raise GimpError(answer["error"])
        return answer["result"]

    def ask(self, expression: str, **values: object) -> Any:
        """What an expression gives in it."""
        return self.run(f"result = {expression}", **values)

    def wait_until(self, expression: str, what: str, seconds: float = PATIENCE) -> Any:
        """Ask until the answer is true."""
        try:
            return wait_for(lambda: self.ask(expression), seconds, what)
        except AssertionError:
            said = self.ask("[shown().status, str(shown().job), shown().light_text]")
            raise AssertionError(f"no {what}; the panel says {said}") from None

    def place_of(self, name: str, number: int = 0) -> Point:
        """The middle of a widget on the screen."""
        self.wait_until(f"len(widgets({name!r})) > {number}", f"widget {name}")
        self.ask("box(name, number)", name=name, number=number)
        time.sleep(0.2 * 1000 * MS)  # it may just have been scrolled
        left, upper, right, lower = self.ask("box(name, number)", name=name, number=number)
        return Point((left + right) // 2, (upper + lower) // 2)

    def click(self, name: str, number: int = 0, *, button: int = 1, times: int = 1) -> None:
        """Click a widget."""
        self._hands.click(self.place_of(name, number), button=button, times=times)

    def write_prompt(self, text: str) -> None:
        """Type a prompt in place of the one that is there."""
        self.click("scumble_prompt")
        self._hands.press("ctrl+a")
        self._hands.write(text)
        self.wait_until(f"form.prompt.text() == {text!r}", "text in the prompt")

    def set(self, **settings: object) -> None:
        """Set what no test is about: steps and the like, as the form has it."""
        self.run(
            "import dataclasses\n"
            "order = form.order()\n"
            "form.fill(dataclasses.replace("
            "order, settings=dataclasses.replace(order.settings, **settings)))",
            settings=settings,
        )

    def finish(self, variations: int) -> None:
        """Wait until there are so many variations in the picture and nothing is going on."""
        self.wait_until(
            "shown().job is None and not panel.is_placing"
            f" and len(widgets('scumble_thumbnail')) == {variations}",
            "result in the picture",
            A_JOB,
        )

    @property
    def is_there(self) -> bool:
        """Whether its process lives."""
        return Path(f"/proc/{self.process}").exists()


class PanelPainter(Painter):
    """A painter who works from the panel.

    Args:
        window: GIMP's window.
        desk: The GIMP and the state folder.
    """

    def __init__(self, window: GimpWindow, desk: Desk) -> None:
        super().__init__(window)
        self.work = desk.gimp.work
        self._desk = desk
        self._server: ServerProcess | None = None

    def open_panel(self) -> Panel:
        """Open the panel from the menu's entry."""
        before = set(self._processes())
        self.choose("Scumble panel")
        (process,) = wait_for(lambda: set(self._processes()) - before, PATIENCE, "panel")
        port = int((_eyes(self._desk) / f"{process}.port").read_text("utf-8"))
        wait_for(lambda: self.windows(PANEL), PATIENCE, "window of the panel")
        return Panel(process, port, self.hands)

    def close_panel(self) -> None:
        """Close the panel's window as its frame's button does."""
        self.turn_to(PANEL)
        self.hands.press("alt+F4")

    def open_picture(self, file: Path) -> int:
        """Open a picture as painters do; its id."""
        pictures = self.gimp.run(PICTURES)
        self.turn_to(f"{MAIN}|^GNU Image Manipulation Program$")
        self.hands.press("ctrl+o")
        self.turn_to("Open Image")
        self.hands.write(str(file))
        self.hands.press("Return")
        wait_for(lambda: self.gimp.run(PICTURES) > pictures, PATIENCE, "opened picture")
        image: int = self.gimp.run("result = max(i.get_id() for i in Gimp.get_images())")
        return image

    def close_picture(self) -> None:
        """Close the picture in front, whatever was changed in it."""
        pictures = self.gimp.run(PICTURES)
        self.turn_to(MAIN)
        self.hands.press("ctrl+w")
        time.sleep(500 * MS)
        if self.windows("^Close "):
            self.hands.press("ctrl+d")
        wait_for(lambda: self.gimp.run(PICTURES) < pictures, PATIENCE, "closed picture")

    def start_server(self) -> ServerProcess:
        """A server that listens."""
        self._server = ServerProcess(self._desk.state)
        self._server.listening()
        return self._server

    def know_server(self) -> None:
        """Let the panel's button start this interpreter's server; every server that runs undoes it.

        GIMP lives in a Debian of its own, in which the interpreter is not.
        """
        server = (sys.executable, "-m", "scumble_server", "--state", str(self._desk.state))
        out = ("/usr/sbin/chroot", f"/proc/{os.getpid()}/root")
        write_program(self._desk.state, (*out, *server), "test")

    def stop_server(self) -> None:
        """End the server, whether the test or the panel's button started it."""
        if self._server is not None and self._server.process.poll() is None:
            self._server.terminate()
        elif (found := endpoint.read(self._desk.state)) is not None:
            os.kill(found.pid, signal.SIGTERM)
        self._server = None
        wait_for(lambda: endpoint.read(self._desk.state) is None, PATIENCE, "end of the server")

    def photograph(self, name: str) -> Path:
        """Keep what the screen shows."""
        file = self.work / f"{name}.png"
        self.gimp.screen.photograph(file)
        return file

    def _processes(self) -> Iterator[int]:
        return (int(file.stem) for file in _eyes(self._desk).glob("*.port"))


@contextmanager
def at_panel(
    desk: Desk, *files: Path, variables: Mapping[str, str] = MappingProxyType({})
) -> Iterator[PanelPainter]:
    """A painter whose GIMP shows these files; at the end no server is left."""
    eyes = _eyes(desk)
    shutil.rmtree(eyes, ignore_errors=True)
    eyes.mkdir()
    shutil.copy(EYES / "sitecustomize.py", eyes)
    looking = {"PYTHONPATH": str(eyes), "SCUMBLE_EYES": str(eyes)}
    with open_window(desk.gimp, *files, variables={**looking, **variables}) as window:
        painter = PanelPainter(window, desk)
        painter.turn_to(MAIN)
        try:
            yield painter
        finally:
            painter.stop_server()


def _eyes(desk: Desk) -> Path:
    return desk.gimp.work / "eyes"


def paint_file(file: Path, width: int = 512, height: int = 512) -> Path:
    """A picture file with a sky and some ground."""
    image = Image.linear_gradient("L").resize((width, height))
    blue, green = (Image.new("RGB", image.size, colour) for colour in ("#7fb2e6", "#5a7d3a"))
    Image.composite(green, blue, image).save(file)
    return file
