"""The styles in some folders, read again when their files changed."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from scumble_protocol.editor.styles import Styles

_LOOK_SECONDS = 2.0
"""How often to see whether a file changed."""


class StyleShelf:
    """Styles that a painter may write while the editor runs.

    Args:
        folders: Where they are, the last with the last word; they need not exist.
        clock: Seconds that only rise.
    """

    def __init__(self, *folders: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._folders = folders
        self._clock = clock
        self._looked = -_LOOK_SECONDS
        self._seen: frozenset[tuple[str, int]] | None = None
        self._styles = Styles()

    def styles(self) -> Styles:
        """Those that there are; the same object as long as no file changed."""
        now = self._clock()
        if self._seen is None or now - self._looked >= _LOOK_SECONDS:
            self._looked = now
            seen = frozenset(self._files())
            if seen != self._seen:
                self._seen = seen
                self._styles = Styles.read(*self._folders)
        return self._styles

    def _files(self) -> list[tuple[str, int]]:
        return [
            (str(path), path.stat().st_mtime_ns)
            for folder in self._folders
            for path in folder.glob("*.json")
            if path.exists()
        ]
