"""The version of Scumble that this plug-in belongs to."""

from __future__ import annotations

from pathlib import Path


def version() -> str:
    """The version, or `0` in a source tree that was never bundled."""
    file = Path(__file__).parent / "version.txt"
    return file.read_text("utf-8").strip() if file.is_file() else "0"
