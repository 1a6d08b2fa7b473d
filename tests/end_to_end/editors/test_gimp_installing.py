"""Each real GIMP finds the plug-in that was installed, and the one that was unpacked by hand."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.end_to_end.editors.gimp import Gimp

pytestmark = pytest.mark.editor

FIND = """
result = sorted(name for name in Gimp.get_pdb().query_procedures(*[""] * 8) if "scumble" in name)
"""


@pytest.fixture
def own(gimp: Gimp, tmp_path: Path) -> Gimp:
    """Each GIMP with a profile that no other test puts plug-ins into."""
    return Gimp(gimp.series, gimp.root, tmp_path)


def run(gimp: Gimp, *command: str) -> None:
    """Run a command as the user whose home this GIMP has."""
    home = {"HOME": str(gimp.work / "home"), "SCUMBLE_STATE": str(gimp.work / "state")}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("XDG_")}
    subprocess.run(command, env=kept | home, check=True)


def scumble(gimp: Gimp, *arguments: str) -> None:
    run(gimp, sys.executable, "-m", "scumble_cli", *arguments)


def test_gimp_finds_what_was_installed_until_it_is_uninstalled(own: Gimp) -> None:
    scumble(own, "install", "gimp")
    assert own.run(FIND)
    scumble(own, "uninstall", "gimp")
    assert own.run(FIND) == []


def test_gimp_finds_what_was_unpacked_by_hand(own: Gimp) -> None:
    scumble(own, "bundle", str(own.work / "zips"))
    plug_ins = own.work / "home/.config/GIMP" / own.series / "plug-ins"
    run(own, "unzip", "-q", "-o", str(own.work / "zips/scumble-gimp.zip"), "-d", str(plug_ins))
    assert own.run(FIND)
