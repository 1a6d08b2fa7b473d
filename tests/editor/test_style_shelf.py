"""Styles come and go while the editor runs."""

from __future__ import annotations

import os
from pathlib import Path

from scumble_protocol.editor.style_shelf import StyleShelf


def test_a_style_that_is_written_is_there_soon(tmp_path: Path) -> None:
    now = 0.0
    shelf = StyleShelf(tmp_path, tmp_path / "none", clock=lambda: now)
    first = shelf.styles()
    assert not first.usable
    (tmp_path / "mine.json").write_text('{"title": "Mine"}')
    assert shelf.styles() is first, "not looked for again at once"
    now = 3.0
    second = shelf.styles()
    assert second.usable["mine"].title == "Mine"
    now = 6.0
    assert shelf.styles() is second, "read once, as long as nothing changed"
    (tmp_path / "mine.json").write_text('{"title": "Better"}')
    os.utime(tmp_path / "mine.json", ns=(1, 1))
    now = 9.0
    assert shelf.styles().usable["mine"].title == "Better"
