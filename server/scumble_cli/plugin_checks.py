"""What `scumble doctor` says of the plugins in Krita and GIMP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scumble_cli.checks import Finding, Verdict
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
    """Whether each editor has the plugin, of this version, and Krita has it switched on."""
    if not found.kritas and not found.gimps:
        yield Finding(SUBJECT, Verdict.GOOD, "neither Krita nor GIMP 3 was found here")
    for krita in found.kritas:
        finding = _finding(krita.name, krita.installed, krita.resources, version)
        if finding.verdict is Verdict.GOOD and _is_off(krita):
            facts = f"{krita.name} has it, but switched off"
            finding = Finding(SUBJECT, Verdict.DOUBTFUL, facts, _SWITCH_ON)
        yield finding
    for gimp in found.gimps:
        yield _finding(gimp.name, gimp.installed, gimp.plug_ins, version)


def _finding(editor: str, installed: str | None, folder: Path, version: str) -> Finding:
    if installed is None:
        return Finding(SUBJECT, Verdict.DOUBTFUL, f"{editor} has none", _INSTALL)
    facts = f"{editor} has version {installed or 'unknown'} in {folder}"
    if installed != version:
        return Finding(SUBJECT, Verdict.DOUBTFUL, facts, _INSTALL)
    return Finding(SUBJECT, Verdict.GOOD, facts)


def _is_off(krita: FoundKrita) -> bool:
    is_known = krita.settings is not None
    return is_known and not kritarc.is_enabled(krita.content or b"", KRITA.package.name)
