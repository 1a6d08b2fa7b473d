"""Picture files that are dropped on the docker."""

from __future__ import annotations

from pathlib import Path

from scumble_krita.qt import QtCore


def dropped_file(data: QtCore.QMimeData) -> Path | None:
    """The first file of this machine in what is dragged; None if it holds none."""
    for url in data.urls():
        if url.isLocalFile():
            return Path(url.toLocalFile())
    return None
