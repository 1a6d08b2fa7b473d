"""Driving the plugin's side of documents in a real Krita, without its docker and a server."""

from __future__ import annotations

import base64
import time
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tests.end_to_end.editors.krita import Krita
from tests.timing import MS

# Runs inside Krita, once; what it names is there for all later code.
TOOLS: Final = '''
import base64, json, traceback

from krita import InfoObject, Selection
from PyQt5.QtCore import QTimer
from PyQt5.QtWidgets import QListView

from scumble_krita.backstage import Backstage
from scumble_krita.canvas import KritaPicture
from scumble_krita._vendor.scumble_protocol.editor.canvas import (
    Layer, Margins, ResultGroup, Source,
)
from scumble_krita._vendor.scumble_protocol.errors import ScumbleError
from scumble_krita._vendor.scumble_protocol.geometry import Rect, Size
from scumble_krita._vendor.scumble_protocol.pixels import PixelFormat, Pixels

backstage = Backstage(app, lambda do: do)


def new(width, height, model="RGBA", depth="U8", profile=""):
    document = app.createDocument(width, height, "canvas", model, depth, profile, 300.0)
    app.activeWindow().addView(document)
    app.setActiveDocument(document)
    return document


def text(data):
    return base64.b64encode(bytes(data)).decode()


def merged(document):
    document.waitForDone()
    return text(document.pixelData(0, 0, document.width(), document.height()))


def steps():
    """What the History docker lists, and which of it is the present."""
    (docker,) = [docker for docker in app.dockers() if docker.objectName() == "History"]
    (view,) = [view for view in docker.findChildren(QListView) if view.model()]
    model = view.model()
    names = [model.index(row, 0).data() for row in range(model.rowCount())]
    return names[1:], view.currentIndex().row()


def tree(node):
    """Names from top to bottom, what a node holds in a list after it."""
    names = []
    for child in reversed(node.childNodes()):
        names.append(child.name())
        if child.childNodes():
            names.append(tree(child))
    return names


def selected(x, y, width, height, feather=0):
    selection = Selection()
    selection.select(x, y, width, height, 255)
    if feather:
        selection.feather(feather)
    return selection


def group_of(picture, rect, layers, name="Scumble: a tree"):
    """A result of layers given as (pixels, mask), base64."""
    rect = Rect(*rect)
    return ResultGroup(name, tuple(
        Layer(
            f"Seed {number}",
            rect,
            Pixels(rect.size, picture.depth(), base64.b64decode(pixels)),
            Pixels(rect.size, PixelFormat.GRAY8, base64.b64decode(mask)),
            number == 0,
            json.dumps({"kind": "regenerate", "prompt": "ä tree", "seed": number}),
        )
        for number, (pixels, mask) in enumerate(layers)
    ))


class Doing:
    """Does a work as the plugin does: portion by portion at the top level of the event loop."""

    def __init__(self, work, portions=None):
        self.work = work
        self.left = portions
        self.error = ""
        self.is_done = False
        self.is_busy = False
        self.timer = QTimer()
        self.timer.timeout.connect(self.go_on)
        self.timer.start(2)

    def go_on(self):
        if self.is_busy:
            return
        self.is_busy = True
        try:
            if self.left == 0:
                self.is_done = True
            else:
                next(self.work)
                self.left = self.left and self.left - 1
        except StopIteration:
            self.is_done = True
        except ScumbleError as error:
            self.error = str(error)
            self.is_done = True
        finally:
            self.is_busy = False
        if self.is_done:
            self.timer.stop()


def refusal(do):
    try:
        do()
    except ScumbleError as error:
        return str(error)
    return ""
'''

CLOSE: Final = """
for each in app.documents():
    each.setModified(False)
    each.close()
"""

Samples = NDArray[Any]


class PictureInKrita:
    """A document in Krita, there `document`, and what the plugin makes of it, there `picture`.

    Args:
        krita: The program.
    """

    def __init__(self, krita: Krita) -> None:
        self.krita = krita
        krita.run("result = 'TOOLS' in globals()") or krita.run(TOOLS + "\nTOOLS = True")

    def open(self, width: int, height: int, *space: str) -> None:
        """A new document, which the variables `document` and `picture` then mean."""
        self.krita.run("document = new(*size)", size=[width, height, *space])
        self.krita.wait_for("result = document.activeNode() is not None", "active layer")
        self.krita.run("picture = KritaPicture(document, backstage)")

    def close(self) -> None:
        """Close all documents."""
        # Krita 5.1 crashes if a selection was made a moment before.
        time.sleep(300 * MS)
        self.krita.run(CLOSE)
        self.krita.wait_for("result = not app.documents()", "closed documents")

    def ask(self, expression: str, **values: object) -> Any:
        """The value of an expression inside Krita."""
        return self.krita.run(f"result = {expression}", **values)

    def do(self, work: str, **values: object) -> str:
        """Do a work to its end; the sentence of its error, or nothing."""
        self.krita.run(f"doing = Doing({work})", **values)
        self.krita.wait_for("result = doing.is_done", "end of the work", 120_000 * MS)
        return str(self.ask("doing.error"))

    def insert(
        self, rect: tuple[int, int, int, int], *layers: tuple[Samples, Samples], name: str = ""
    ) -> str:
        """Insert a result of these (pixels, mask) layers; the sentence of its error, or nothing."""
        encoded = [[encode(pixels), encode(mask)] for pixels, mask in layers]
        group = "group_of(picture, rect, layers, name)"
        return self.do(
            f"picture.insert({group})", rect=rect, layers=encoded, name=name or "Scumble: a tree"
        )

    def merged(self) -> bytes:
        """The document's own bytes of all that is visible."""
        return base64.b64decode(self.ask("merged(document)"))

    def read(self, rect: tuple[int, int, int, int], source: str = "VISIBLE") -> Samples:
        """What `picture.read` gives there, (height, width, 4)."""
        data = self.ask(f"text(picture.read(Rect(*rect), Source.{source})().data)", rect=rect)
        dtype = np.uint8 if self.ask("picture.depth().value") == "rgba8" else np.dtype("<u2")
        return np.frombuffer(base64.b64decode(data), dtype).reshape(rect[3], rect[2], 4)

    def undo(self, action: str = "edit_undo") -> None:
        """One step back, as the painter does."""
        before = self.ask("steps()[1]")
        # Krita ignores the wish while it is busy showing something.
        self.krita.run("document.waitForDone()\napp.action(name).trigger()", name=action)
        self.krita.wait_for(f"result = steps()[1] != {before}", "undone step")
        self.krita.run("document.waitForDone()")

    def redo(self) -> None:
        """One step forth."""
        self.undo("edit_redo")


def encode(samples: Samples) -> str:
    """The samples' bytes as text."""
    return base64.b64encode(np.ascontiguousarray(samples).tobytes()).decode()


def plain(
    rect: tuple[int, int, int, int], colour: object, mask: int = 255
) -> tuple[Samples, Samples]:
    """A layer of one colour; 8 bits, or 16 where the colour says so."""
    dtype = np.uint8 if isinstance(colour, list) else np.uint16
    shape = rect[3], rect[2]
    return np.full((*shape, 4), colour, dtype), np.full(shape, mask, np.uint8)


def noise(width: int, height: int, dtype: type[np.generic]) -> Samples:
    top = np.iinfo(dtype).max + 1  # type: ignore[type-var]
    pixels = np.random.default_rng(7).integers(0, top, (height, width, 4), dtype)
    pixels[..., 3] = top - 1
    return pixels


def disc(width: int, height: int) -> Samples:
    """A soft mask: 255 in the middle, 0 in the corners."""
    y, x = np.mgrid[:height, :width]
    radius = np.hypot((x - width / 2) / width, (y - height / 2) / height)
    mask: Samples = np.clip(255 * (4 - 10 * radius), 0, 255).astype(np.uint8)
    return mask
