"""Names for the code that tests send to `qt_host.py`: widgets to look at, and what they show."""
# mypy: ignore-errors
# ruff: noqa: E402, F401, PLW0603 (it is a part of other programs, whose names are global)

import dataclasses

from scumble_krita.qt import Qt, QtCore, QtGui, QtWidgets

app = QtWidgets.QApplication([])
app.setStyle("fusion")  # Krita's
# Krita's size on a usual screen; without a platform, Qt guesses another one.
font = app.font()
font.setPointSizeF(9 * 96 / app.primaryScreen().logicalDotsPerInch())
app.setFont(font)

from scumble_krita._vendor.scumble_protocol.choices import (
    MaskedContent,
    ResizeMode,
    Sampler,
    Schedule,
)
from scumble_krita._vendor.scumble_protocol.editor.canvas import LayerInfo, Margins, Source
from scumble_krita._vendor.scumble_protocol.editor.gallery import Variation
from scumble_krita._vendor.scumble_protocol.editor.guides import (
    ControlLayer,
    ReferenceLayer,
    RegionLayer,
)
from scumble_krita._vendor.scumble_protocol.editor.language import Language
from scumble_krita._vendor.scumble_protocol.editor.modes import Mode
from scumble_krita._vendor.scumble_protocol.editor.order import Order
from scumble_krita._vendor.scumble_protocol.editor.record import request_json
from scumble_krita._vendor.scumble_protocol.editor.settings import NO_BLOB, Area, Settings
from scumble_krita._vendor.scumble_protocol.editor.styles import SHIPPED, Styles
from scumble_krita._vendor.scumble_protocol.editor.view import (
    JobView,
    Light,
    Offer,
    PreviewView,
    View,
)
from scumble_krita._vendor.scumble_protocol.geometry import Rect, Size
from scumble_krita._vendor.scumble_protocol.guides import ControlKind, ReferenceKind
from scumble_krita._vendor.scumble_protocol.images import ImageRef
from scumble_krita._vendor.scumble_protocol.messages import Measured, ModelInfo, ModelKind, Names
from scumble_krita._vendor.scumble_protocol.pixels import PixelFormat, Pixels

from scumble_krita.panel_widget import PanelWidget


def model(name, kind=ModelKind.DIFFUSION, **changes):
    known = {
        "id": name, "title": name.title(), "kind": kind, "family": "sd1", "native_side": 512,
        "max_side": 1024, "multiple": 8, "inpaint": False, "loaded": False, "bytes": 2**31,
        "scale": 0, "steps": 31, "cfg": 4.5, "sampler": Sampler.EULER,
    }  # fmt: skip
    return ModelInfo(**{**known, **changes})


MODELS = (
    model("quick"),
    model("a-model-with-quite-a-long-name-v9.safetensors", steps=44, sampler=Sampler.HEUN),
)


LAYERS = (
    LayerInfo("regions", "Regions", None, is_group=True),
    LayerInfo("sky", "a blue sky", None, group="regions"),
    LayerInfo("sea", "a stormy sea", None, group="regions"),
    LayerInfo("sketch", "Sketch", None),
)


def view(**changes):
    known = {
        "light": Light.ON, "light_text": "Scumble 1.2 on a processor", "status": "",
        "is_error": False, "modes": dict.fromkeys(Mode, ""), "models": MODELS,
        "upscalers": (model("lanczos", ModelKind.UPSCALER),), "samplers": tuple(Sampler),
        "job": None, "queued": 0, "can_run": True, "can_start_server": False,
        "is_starting": False, "offers": (), "preview": None,
        "controls": (model("depth", ModelKind.CONTROL),), "vaes": (model("vae", ModelKind.VAE),),
        "styles": Styles.read(SHIPPED),
    }  # fmt: skip
    return View(**{**known, **changes})


def open_panel(language="en", width=300, height=600, **changes):
    """A panel in a window, showing a view; what was open before is closed."""
    global panel, heard
    panel = PanelWidget(Language.of(language).tr)
    heard = []
    panel.run_wanted.connect(lambda: heard.append("run"))
    panel.cancel_wanted.connect(lambda: heard.append("cancel"))
    panel.show_view(view(**changes))
    panel.resize(width, height)
    panel.show()
    turn()


def turn():
    for _ in range(5):
        app.processEvents()


def find(name, kind=QtWidgets.QWidget):
    return panel.findChild(kind, "scumble_" + name)


def press(widget, key, modifiers=Qt.KeyboardModifier.NoModifier, text=""):
    for kind in (QtCore.QEvent.Type.KeyPress, QtCore.QEvent.Type.KeyRelease):
        app.sendEvent(widget, QtGui.QKeyEvent(kind, key, modifiers, text))


def turn_wheel(widget):
    middle = QtCore.QPointF(widget.rect().center())
    event = QtGui.QWheelEvent(
        middle, QtCore.QPointF(widget.mapToGlobal(middle.toPoint())), QtCore.QPoint(0, 0),
        QtCore.QPoint(0, 120), Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    app.sendEvent(widget, event)


def record(prompt="a cat", seed=40, count=3):
    size = Size(4, 4)
    settings = Settings(model="quick", prompt=prompt, seed=seed, count=count, strength=0.35)
    request = settings.request(
        0, canvas=size, context=Rect.of(size), image=ImageRef(NO_BLOB, size, PixelFormat.RGBA8),
        mask=ImageRef(NO_BLOB, size, PixelFormat.GRAY8),
    )  # fmt: skip
    return request_json(request)


def variations(count=3, shown=0):
    return tuple(
        Variation("group", f"layer {i}", f"Seed {40 + i}", i == shown, record())
        for i in range(count)
    )


loaded = []


def load(variation, side):
    loaded.append((variation.layer, side))
    return Pixels(
        Size(side, side // 2), PixelFormat.RGBA8, bytes((200, 30, 30, 255)) * (side * (side // 2))
    )


def color(image, x, y):
    return list(QtGui.QColor(image.pixel(x, y)).getRgb())
