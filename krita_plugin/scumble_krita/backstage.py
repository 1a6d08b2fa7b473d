"""What all pictures of this Krita share."""

from __future__ import annotations

from collections.abc import Callable

from krita import Krita
from scumble_krita.hidden import HiddenDocuments
from scumble_krita.reading import Reader
from scumble_krita.spare import SpareTime


class Backstage:
    """Everything behind the scenes; one for the whole plugin.

    Args:
        krita: Krita's instance.
        guard: Wraps what Qt calls, so that no error leaves the plugin.
    """

    def __init__(
        self, krita: Krita, guard: Callable[[Callable[[], None]], Callable[[], None]]
    ) -> None:
        self.krita = krita
        self.hidden = HiddenDocuments(krita)
        self.reader = Reader(self.hidden, SpareTime(guard))
