"""One panel for each GIMP: who opens a second one gets the first, for the image that is meant."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from scumble_gimp.memory import is_alive
from scumble_protocol.private_file import read_values, write_values

FOLDER: Final = "panels-gimp"


class Reception:
    """Where the panel of this GIMP hears which image is wanted.

    Args:
        state: The folder of the server's state.
        gimp: The process of GIMP, which is the parent of all its plug-ins.
    """

    def __init__(self, state: Path, gimp: int | None = None) -> None:
        gimp = os.getppid() if gimp is None else gimp
        self._folder = state / FOLDER
        self._name = f"{gimp}.json"
        self._wish = f"{gimp}-wish.json"

    def hand_over(self, image: int | None) -> bool:
        """Ask the panel that is open for an image; False if none is open."""
        here = read_values(self._folder, self._name)
        if here is None or not is_alive(here.get("pid")):
            return False
        write_values(self._folder, self._wish, {"image": image})
        return True

    def open(self) -> None:
        """This process has the panel; what panels left that were killed is cleared away."""
        for file in self._folder.glob("*.json"):
            values = read_values(self._folder, file.name)
            if values is None or not is_alive(values.get("pid")):
                file.unlink(missing_ok=True)
        write_values(self._folder, self._name, {"pid": os.getpid()})

    def close(self) -> None:
        """There is no panel any longer."""
        (self._folder / self._name).unlink(missing_ok=True)

    def wish(self) -> tuple[int | None] | None:
        """The image that is wanted, if the panel is; told once."""
        values = read_values(self._folder, self._wish)
        if values is None:
            return None
        (self._folder / self._wish).unlink(missing_ok=True)
        image = values.get("image")
        return (image if isinstance(image, int) else None,)
