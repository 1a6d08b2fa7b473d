"""The documents that are open, each with the one picture that stands for it."""

from __future__ import annotations

from typing import Any

from scumble_krita.canvas import KritaPicture
from scumble_protocol.editor.panel import Panel


class OpenPictures:
    """Tells the panel which pictures come and go.

    Krita gives another object for the same document each time, so that they are compared, not kept
    as keys.

    Args:
        krita: Krita's instance.
        panel: Is told.
    """

    def __init__(self, krita: Any, panel: Panel) -> None:
        self._krita = krita
        self._panel = panel
        self._open: list[tuple[Any, KritaPicture]] = []

    def look(self) -> None:
        """See which documents are open now; those without a view are Krita's or a script's own."""
        shown = [view.document() for view in self._krita.views()]
        gone = [known for known in self._open if known[0] not in shown]
        self._open = [known for known in self._open if known[0] in shown]
        for _, picture in gone:
            self._panel.close(picture)
        for document in shown:
            if document is not None and self.of(document) is None:
                picture = KritaPicture(document)
                self._open.append((document, picture))
                self._panel.open(picture)

    def of(self, document: Any) -> KritaPicture | None:
        """The picture that stands for a document; None if it has not been seen open yet."""
        return next((picture for known, picture in self._open if known == document), None)
