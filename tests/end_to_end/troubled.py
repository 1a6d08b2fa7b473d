"""Servers that get into trouble; see `trouble/sitecustomize.py`."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from tests.timing import MS

TROUBLE = Path(__file__).parent / "trouble"
SCRIPT = (sys.executable, str(TROUBLE / "sitecustomize.py"))
"""The program for whoever strips the environment."""

SILENCE = f"{6000 * MS:.0f}"
"""How long a device may be silent, in seconds; a slow machine's must not be taken for hung."""


class Troubles:
    """What happens to the servers that are started from now on, each once.

    Args:
        folder: Where they are noted.
        patch: Changes the environment.
    """

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self._folder = folder
        folder.mkdir()
        patch.setenv("SCUMBLE_TROUBLE", str(folder))
        patch.setenv("SCUMBLE_TROUBLE_CANCEL", f"{2000 * MS}")
        patch.setenv("PYTHONPATH", str(TROUBLE), prepend=os.pathsep)

    def add(self, trouble: str) -> None:
        """Let it happen next time."""
        (self._folder / trouble).touch()

    def wait(self, trouble: str) -> None:
        """Wait until it has happened."""
        deadline = time.monotonic() + 120_000 * MS
        while not (self._folder / f"{trouble} happened").exists():
            assert time.monotonic() < deadline, f"{trouble} did not happen"
            time.sleep(10 * MS)
