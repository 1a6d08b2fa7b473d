"""Frozen descriptions of the editors that were found: all that a plan for them may depend on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class FoundKrita:
    """A Krita of this user.

    Args:
        name: What people call it: "Krita (Flatpak)".
        resources: The resource folder that it uses.
        settings: Its settings file; None where it is not known.
        content: What the settings file holds; None where there is none.
        backup: What it held before the plugin was enabled; None where nothing was kept.
        installed: The version of the plugin in it: empty where it does not say, None for no plugin.
        is_running: Whether it runs now.
        caution: What a painter should know about it.
    """

    name: str
    resources: Path
    settings: Path | None = None
    content: bytes | None = None
    backup: bytes | None = None
    installed: str | None = None
    is_running: bool = False
    caution: str = ""


@dataclass(frozen=True)
class FoundGimp:
    """A GIMP 3 of this user.

    Args:
        name: What people call it: "GIMP 3.2 (Flatpak)".
        plug_ins: Its folder for plug-ins.
        installed: The version of the plug-in in it: empty where it does not say, None for none.
    """

    name: str
    plug_ins: Path
    installed: str | None = None


@dataclass(frozen=True)
class FoundEditors:
    """Everything that was found.

    Args:
        kritas: Each Krita.
        gimps: Each GIMP 3.
        has_new_gimp: Whether there is a GIMP that was never started, so that it has no folder.
        has_old_gimp: Whether there is a GIMP 2.
    """

    kritas: tuple[FoundKrita, ...] = ()
    gimps: tuple[FoundGimp, ...] = ()
    has_new_gimp: bool = False
    has_old_gimp: bool = False
