"""What `scumble doctor` says of the plugins in Krita and GIMP."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from scumble_cli.checks.finding import Finding, Verdict
from scumble_installer.plugins import kritarc
from scumble_installer.plugins.bundle import KRITA

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from scumble_installer.plugins.found import FoundEditors, FoundKrita

SUBJECT = "Plugin"
_INSTALL = "Run `scumble install`."
_SWITCH_ON = "Switch it on: Settings ▸ Configure Krita ▸ Python Plugin Manager ▸ Scumble."


def check_plugins(found: FoundEditors, version: str) -> Iterator[Finding]:
    """Whether each editor has the plugin, of this version, and is able to run it."""
    if not found.kritas and not found.gimps:
        yield Finding(SUBJECT, Verdict.GOOD, "neither Krita nor GIMP 3 was found here")
    for krita in found.kritas:
        finding = _finding(krita.name, krita.installed, krita.resources, version)
        if finding.verdict is Verdict.GOOD and _is_off(krita):
            facts = f"{krita.name} has it, but switched off"
            finding = Finding(SUBJECT, Verdict.BROKEN, facts, _SWITCH_ON)
        yield finding
    for gimp in found.gimps:
        finding = _finding(gimp.name, gimp.installed, gimp.plug_ins, version)
        program = gimp.plug_ins / "scumble" / "scumble.py"
        if finding.verdict is Verdict.GOOD and not os.access(program, os.X_OK):
            facts = f"{gimp.name} can't run it: {program} is not executable"
            finding = Finding(SUBJECT, Verdict.BROKEN, facts, f"Run: chmod +x '{program}'")
        yield finding


def _finding(editor: str, installed: str | None, folder: Path, version: str) -> Finding:
    if installed is None:
        return Finding(SUBJECT, Verdict.DOUBTFUL, f"{editor} has none", _INSTALL)
    facts = f"{editor} has version {installed or 'unknown'} in {folder}"
    if installed != version:
        facts += f", and this is version {version}"
        return Finding(SUBJECT, Verdict.BROKEN, facts, _INSTALL)
    return Finding(SUBJECT, Verdict.GOOD, facts)


def _is_off(krita: FoundKrita) -> bool:
    is_known = krita.settings is not None
    return is_known and not kritarc.is_enabled(krita.content or b"", KRITA.package.name)
