"""A painter at a real GIMP with the bundled plug-in, and a state folder for a real server."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from scumble_installer.plugins.bundle import bundle_gimp
from tests.end_to_end.editors.gimp import Gimp

KIT: Final = (Path(__file__).parent / "kit.py").read_text("utf-8")

Samples = np.ndarray[Any, np.dtype[np.uint8]]


@dataclass(frozen=True)
class Desk:
    """One version of GIMP with Scumble's plug-in.

    Args:
        gimp: The GIMP.
        state: The folder of the server's state, where GIMP looks for it.
        plug_in: The folder of the plug-in.
    """

    gimp: Gimp
    state: Path
    plug_in: Path

    @classmethod
    def furnish(cls, gimp: Gimp) -> Desk:
        """Put the bundled plug-in into a GIMP's profile."""
        home = gimp.work / "home"
        plug_ins = home / ".config/GIMP" / gimp.series / "plug-ins"
        bundle_gimp(plug_ins)
        state = home / ".local/share/scumble"
        state.mkdir(parents=True, exist_ok=True)
        return cls(gimp, state, plug_ins / "scumble")

    def run(self, code: str, **values: Any) -> Any:
        """Run code in a GIMP without a window, after the kit; what it assigned to `result`."""
        return self.gimp.run(f"{KIT}\n{code}", plug_in=str(self.plug_in), **values)

    @property
    def jobs(self) -> list[Any]:
        """What the plug-in remembers of jobs that are not over."""
        files = sorted((self.state / "jobs-gimp").glob("*.json"))
        return [json.loads(file.read_text("utf-8")) for file in files]


def samples(text: str) -> Samples:
    """Bytes that the kit sent."""
    return np.frombuffer(base64.b64decode(text), np.uint8)


def by_pixel(text: str, mask: Samples) -> Samples:
    """The stored bytes of a picture, a row for each pixel of a mask of the same size."""
    return samples(text).reshape(len(mask), -1)
