"""A painter at a real Krita with the docker and a real server."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from scumble_protocol import endpoint
from scumble_protocol.program import write_program
from tests.end_to_end.editors.conftest import missing
from tests.end_to_end.editors.hands import Hands, Point
from tests.end_to_end.editors.krita import Krita, open_krita
from tests.end_to_end.editors.processes import wait_for
from tests.end_to_end.server_process import ServerProcess
from tests.timing import MS

# Names that every later piece of code in this Krita finds.
WORDS: Final = '''
import base64
from krita import InfoObject, Selection
from PyQt5.QtCore import QPoint
from PyQt5.QtWidgets import QApplication, QListView, QMdiArea, QWidget


def window():
    return app.activeWindow().qwindow()


def doc():
    return app.activeDocument()


def tree(node=None):
    """Below a node, from bottom to top: name, type, what is in it."""
    children = (node or doc().rootNode()).childNodes()
    # A selection is a node as well.
    layers = [child for child in children if child.type() != "selectionmask"]
    return [[child.name(), child.type(), tree(child)] for child in layers]


def groups():
    return [node for node in doc().rootNode().childNodes() if node.type() == "grouplayer"]


def history():
    """The undo steps; scripts have no other way to them than the docker that lists them."""
    docker = next(docker for docker in app.dockers() if docker.objectName() == "History")
    model = docker.findChild(QListView).model()
    return [model.index(row, 0).data() for row in range(model.rowCount())]


def widget(name):
    return window().findChild(QWidget, name)


def middle(name):
    found = widget(name)
    assert found is not None and found.isVisible(), name
    place = found.mapToGlobal(found.rect().center())
    return [place.x(), place.y()]


def thumbnail_place(row):
    strip = widget("scumble_variations")
    strip.scrollToItem(strip.item(row))
    place = strip.viewport().mapToGlobal(strip.visualItemRect(strip.item(row)).center())
    return [place.x(), place.y()]


def app_popup():
    return QApplication.activePopupWidget()


def is_preview_shown():
    overlay = widget("scumble_preview")
    return overlay is not None and overlay.isVisible()


def docker():
    return next(docker for docker in app.dockers() if docker.windowTitle() == "Scumble")


def shown():
    """What the docker shows at this moment, as the panel sees it."""
    return docker()._office.panel.view(docker()._picture)


def paint(document):
    """Something to look at: noise of four colours in blocks."""
    node = document.topLevelNodes()[0]
    width, height = document.width(), document.height()
    depth, model = document.colorDepth(), document.colorModel()
    length = len(bytes(node.pixelData(0, 0, 1, 1)))
    import random
    rng = random.Random(5)
    row = bytes(rng.randrange(256) for _ in range(64 * length))
    if depth in ("F16", "F32"):
        import struct
        code = "e" if depth == "F16" else "f"
        samples = length // struct.calcsize(code)
        row = b"".join(
            struct.pack("<%d%s" % (samples, code), *[rng.random() for _ in range(samples - 1)], 1.0)
            for _ in range(64)
        )
    else:
        size = {"U8": 1, "U16": 2}[depth]
        row = bytearray(row)
        for pixel in range(64):
            row[(pixel + 1) * length - size : (pixel + 1) * length] = b"\\xff" * size
        row = bytes(row)
    line = (row * (width // 64 + 1))[: width * length]
    for y in range(0, height, 64):
        rows = min(64, height - y)
        node.setPixelData(line * rows, 0, y, width, rows)
    document.refreshProjection()
    document.waitForDone()


def new(width, height, model="RGBA", depth="U8", profile=""):
    document = app.createDocument(width, height, "test", model, depth, profile, 300.0)
    show(document)
    paint(document)
    return document


def show(document):
    app.activeWindow().addView(document)
    app.setActiveDocument(document)
    # Scripts that add a view leave the welcome page in front of it.
    space = window().findChild(QMdiArea)
    space.parentWidget().setCurrentWidget(space)


def make_room():
    """Leave beside the canvas only the dockers that tests look at."""
    for each in app.dockers():
        if each.windowTitle() not in ("Scumble", "Layers") and each.isVisible():
            each.setVisible(False)


def close_all():
    for document in app.documents():
        document.setBatchmode(True)
        document.setModified(False)
        document.close()


def select(x, y, width, height, feather=0):
    selection = Selection()
    selection.select(x, y, width, height, 255)
    if feather:
        selection.feather(feather)
    doc().setSelection(selection)


def merged():
    document = doc()
    document.waitForDone()
    data = document.pixelData(0, 0, document.width(), document.height())
    return base64.b64encode(bytes(data)).decode()
'''

READY: Final = "result = doc() is not None and doc().activeNode() is not None"
_SETTLED: Final = 1.2
PATIENCE: Final = 40_000 * MS


@dataclass
class KritaDesk:
    """Krita, the hands at it, and the server behind it.

    Args:
        krita: The running Krita; its window is maximised and the docker in sight.
        state: The server's state folder.
        server: The server, if one runs that was started here.
    """

    krita: Krita
    state: Path
    server: ServerProcess | None = None
    hands: Hands = field(init=False)

    def __post_init__(self) -> None:
        self.hands = Hands(self.krita.screen)

    def ask(self, expression: str, **values: object) -> Any:
        """What an expression gives inside Krita; its value has to be JSON."""
        return self.krita.run(f"result = {expression}", **values)

    def wait_until(self, expression: str, what: str, seconds: float = PATIENCE) -> Any:
        """Ask until the answer is true; keeps a photograph of what was there instead."""
        try:
            return wait_for(lambda: self.ask(expression), seconds, what)
        except AssertionError:
            self.krita.screen.photograph(self.krita.folder / "too-late.png")
            said = self.ask("[shown().status, str(shown().job), shown().light_text]")
            raise AssertionError(f"no {what}; the docker says {said}") from None

    def start_server(self) -> ServerProcess:
        """A server that the docker has found."""
        self.server = ServerProcess(self.state)
        self.server.listening()
        self.wait_until("shown().light.value == 'on' and bool(shown().models)", "connection")
        return self.server

    def stop_server(self) -> None:
        """End the server, whether the test or the docker's button started it."""
        server, self.server = self.server, None
        if server is not None and not server.is_closed:
            assert server.terminate() == 0, f"the server had ended: {server.last_words}"
        elif (found := endpoint.read(self.state)) is not None:
            os.kill(found.pid, signal.SIGTERM)
        wait_for(lambda: endpoint.read(self.state) is None, PATIENCE, "end of the server")

    def close_documents(self) -> None:
        """Close what is open, without questions."""
        # Krita's list of layers catches up with a change some time later, and crashes if the
        # document is gone by then.
        time.sleep(_SETTLED)
        self.krita.run("close_all()")

    def new_document(
        self, width: int, height: int, model: str = "RGBA", depth: str = "U8", profile: str = ""
    ) -> None:
        """A painted document, the only one that is open."""
        self.close_documents()
        self.krita.run(
            "new(width, height, model, depth, profile)",
            width=width, height=height, model=model, depth=depth, profile=profile,
        )  # fmt: skip
        self.krita.wait_for(READY, "document")
        self.wait_until("docker()._picture is not None", "picture in the docker")

    def place_of(self, name: str) -> Point:
        """Where a widget is on the screen."""
        return Point(*self.ask("middle(name)", name=name))

    def click(self, name: str) -> None:
        """Click into a widget."""
        self.hands.click(self.place_of(name))

    def write_prompt(self, text: str) -> None:
        """Type a prompt in place of the one that is there."""
        self.click("scumble_prompt")
        self.hands.press("ctrl+a")
        self.hands.write(text)
        self.wait_until(f"docker().panel.form.prompt.text() == {text!r}", "text in the prompt")

    def finish(self, groups: int = 1) -> None:
        """Wait until this many results are in the picture and nothing is going on."""
        self.wait_until(
            f"shown().job is None and len(groups()) == {groups} and not "
            "docker()._office.panel.is_placing",
            "result in the picture",
            120_000 * MS,
        )

    def set(self, **settings: object) -> None:
        """Set what no test is about: steps and the like, as the docker's form has it."""
        self.krita.run(
            "import dataclasses\n"
            "form = docker().panel.form\n"
            "order = form.order()\n"
            "form.fill(dataclasses.replace("
            "order, settings=dataclasses.replace(order.settings, **settings)))",
            settings=settings,
        )

    def merged(self) -> bytes:
        """The picture as the document has it, all layers together."""
        import base64

        return base64.b64decode(self.ask("merged()"))

    def photograph(self, name: str) -> Path:
        """Keep what the screen shows."""
        file = self.krita.folder / f"{name}.png"
        self.krita.screen.photograph(file)
        return file


def require_krita() -> None:
    """Skip where there is no Krita, unless the run was asked to have one."""
    for program in ("krita", "Xvfb", "openbox", "xdotool"):
        if not shutil.which(program):
            missing(program)


@contextmanager
def krita_desk(folder: Path, *, with_server: bool = True) -> Iterator[KritaDesk]:
    """A desk for as long as the block runs; a Krita that was in this folder finds its own again."""
    state = folder / "state"
    state.mkdir(exist_ok=True)
    # The docker's button starts this interpreter's server.
    write_program(state, (sys.executable, "-m", "scumble_server", "--state", str(state)), "test")
    with open_krita(folder, state) as krita:
        krita.run(WORDS)
        krita.run("window().showMaximized()")
        desk = KritaDesk(krita, state)
        krita.run("docker().setVisible(True); docker().raise_(); make_room()")
        try:
            if with_server:
                desk.krita.run("close_all()")
                desk.server = ServerProcess(state)
                desk.server.listening()
            yield desk
        finally:
            if desk.server is not None:
                desk.stop_server()
            shutil.rmtree(folder / "cache", ignore_errors=True)
