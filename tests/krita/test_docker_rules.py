"""Rules that the docker's sources keep."""

from __future__ import annotations

import re
from pathlib import Path

PLUGIN = Path(__file__).resolve().parents[2] / "krita_plugin/scumble_krita"


def test_only_one_module_imports_qt() -> None:
    importing = {
        file.name
        for file in PLUGIN.glob("*.py")
        if re.search(r"^\s*(from|import) PyQt", file.read_text("utf-8"), re.MULTILINE)
    }
    assert importing == {"qt.py"}


def test_only_the_light_has_colours_of_its_own() -> None:
    colored = {
        file.name
        for file in PLUGIN.glob("*.py")
        if re.search(r"\"#[0-9a-fA-F]{3,8}\"|GlobalColor\.(?!transparent)", file.read_text("utf-8"))
    }
    assert colored == {"light.py"}
