"""Two small plugins in the layout of the real ones, so that bundling is tested by itself."""

from __future__ import annotations

from pathlib import Path

DESKTOP = """[Desktop Entry]
Type=Service
ServiceTypes=Krita/PythonPlugin
X-KDE-Library=scumble_krita
X-Python-2-Compatible=false
Name=Scumble
"""

SPEAKER = """
import sys, scumble_protocol.codec, json as j
import msgpack, websockets.sync.client
import scumble_protocol.geometry as geometry
from scumble_protocol.messages import MESSAGES
from scumble_protocol import (
    # a comment
    errors,
)
from \\
    scumble_protocol.requests import Regenerate

def later() -> object:
    if True: import scumble_protocol.session
    from scumble_protocol.client.client import Client
    return scumble_protocol.session, Client
"""


def make_krita_plugin(component: Path) -> Path:
    """The sources of a plugin for Krita that imports all that the real one may."""
    package = component / "scumble_krita"
    (package / "inner" / "__pycache__").mkdir(parents=True)
    (component / "scumble_krita.desktop").write_text(DESKTOP, "utf-8")
    (component / "scumble_krita.action").write_text("<ActionCollection/>\n", "utf-8")
    (package / "__init__.py").write_text('"""Plugin."""\n', "utf-8")
    (package / "inner" / "__init__.py").write_text("", "utf-8")
    (package / "inner" / "speaker.py").write_text(SPEAKER, "utf-8")
    (package / "inner" / "words.json").write_text('{"import msgpack": 1}', "utf-8")
    (package / "inner" / "__pycache__" / "speaker.cpython-310.pyc").write_bytes(b"old")
    return component


def make_gimp_plugin(component: Path) -> Path:
    """The sources of a plug-in for GIMP: a launcher beside its package."""
    package = component / "scumble" / "scumble_gimp"
    package.mkdir(parents=True)
    (component / "scumble" / "scumble.py").write_text(
        "#!/usr/bin/env python3\nimport sys, pathlib\n"
        "sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))\n"
        "from scumble_gimp.speaker import later\nprint(*map(bool, later()))\n",
        "utf-8",
    )
    (package / "__init__.py").write_text("", "utf-8")
    (package / "speaker.py").write_text(SPEAKER, "utf-8")
    return component
