"""The documents that are open, each with the one picture that stands for it."""

from __future__ import annotations

from typing import Any

from scumble_krita.backstage import Backstage
from scumble_krita.canvas import KritaPicture
from scumble_protocol.editor.panel import Panel


class OpenPictures:
    """Tells the panel which pictures come and go.

    Krita gives another object for the same document each time, so that they are compared, not kept
    as keys.

    Args:
        krita: Krita's instance.
        panel: Is told.
        backstage: What the pictures share.
    """

    def __init__(self, krita: Any, panel: Panel, backstage: Backstage) -> None:
        self._krita = krita
        self._panel = panel
        self._backstage = backstage
        self._new: list[Any] = []
        self._is_looking = False
        self._open: list[tuple[Any, KritaPicture]] = []

    def look(self) -> None:
        """See which documents are open now; those without a view are Krita's or a script's own."""
        if self._is_looking:  # a new picture lets Krita's event loop turn, and that calls this
            return
        self._is_looking = True
        try:
            self._compare()
        finally:
            self._is_looking = False

    def of(self, document: Any) -> KritaPicture | None:
        """The picture that stands for a document; None if it has not been seen open yet."""
        return next((picture for known, picture in self._open if known == document), None)

    def _compare(self) -> None:
        shown = [view.document() for view in self._krita.views()]
        gone = [known for known in self._open if known[0] not in shown]
        self._open = [known for known in self._open if known[0] in shown]
        for _, picture in gone:
            self._panel.close(picture)
        new = [document for document in shown if document and self.of(document) is None]
        # A new picture opens documents of its own. Where Krita is still in the middle of showing
        # this one, that harms it; so the document has to be there for a while.
        settled = [document for document in new if document in self._new]
        self._new = [document for document in new if document not in settled]
        for document in settled:
            if self.of(document) is None:
                picture = KritaPicture(document, self._backstage)
                self._open.append((document, picture))
                self._panel.open(picture)
