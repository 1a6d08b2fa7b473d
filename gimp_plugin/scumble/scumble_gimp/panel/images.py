"""The images that are open in GIMP, each with the one picture that stands for it."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from scumble_gimp.canvas import GimpPicture
from scumble_gimp.host import Gimp
from scumble_gimp.memory import HOMELESS
from scumble_protocol.editor.fields import Item
from scumble_protocol.editor.panel import Panel


class OpenImages:
    """Tells the panel which pictures come and go.

    Args:
        panel: Is told.
    """

    def __init__(self, panel: Panel) -> None:
        self._panel = panel
        self._pictures: dict[int, GimpPicture] = {}

    def look(self) -> None:
        """See which images are open now."""
        images = {image.get_id(): image for image in Gimp.get_images()}
        for number in self._pictures.keys() - images.keys():
            self._panel.close(self._pictures.pop(number))
            self._let_go(number)
        for number, image in images.items():
            if number not in self._pictures:
                self._pictures[number] = GimpPicture(image)
                self._panel.open(self._pictures[number])

    def _let_go(self, number: int) -> None:
        """Let any picture have the results of one that was closed and never saved."""
        memory = self._panel.memory
        for job, pending in [*memory.pending.items()]:
            if pending.key == GimpPicture.unsaved_key(number):
                memory.expect(job, replace(pending, key=HOMELESS))

    def of(self, number: int | None) -> GimpPicture | None:
        """The picture of an image by its id; None if it is not open."""
        return self._pictures.get(number) if number is not None else None

    @property
    def newest(self) -> int | None:
        """The image that was opened last; None if none is open."""
        return max(self._pictures, default=None)

    def items(self) -> tuple[Item, ...]:
        """A line for each, for the painter to choose from."""
        titles = {number: picture.title() for number, picture in self._pictures.items()}
        times = Counter(titles.values())
        return tuple(
            Item(str(number), f"{title} ({number})" if times[title] > 1 else title)
            for number, title in titles.items()
        )
