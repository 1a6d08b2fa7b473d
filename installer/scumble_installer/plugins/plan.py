"""From the editors that were found to what is done with them, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from scumble_installer.errors import EditorError
from scumble_installer.plugins import kritarc
from scumble_installer.plugins.bundle import GIMP, KRITA, PluginKind
from scumble_installer.plugins.bundled import Bundle
from scumble_installer.plugins.found import FoundEditors, FoundGimp, FoundKrita
from scumble_installer.plugins.moves import Move, Moves, Put, Remove, Tell, Write

BACKUP_SUFFIX: Final = ".before-scumble"
"""Of the copy of Krita's settings as they were before the plugin was enabled."""

_PLUGIN: Final = KRITA.package.name
_CLOSE: Final = "Close it, then run the same command again."
_MANAGER: Final = "Settings ▸ Configure Krita ▸ Python Plugin Manager"


def install_krita(found: FoundKrita, bundle: Bundle, *, insist: bool = True) -> Moves:
    """Put the plugin into a Krita and switch it on.

    Args:
        found: The Krita.
        bundle: The plugin.
        insist: Switch the plugin on even where somebody has switched it off.

    Raises:
        EditorError: This Krita runs.
    """
    _refuse_running(found)
    change = "updated" if found.installed is not None else "installed"
    where = f"{found.name}: the plugin is {change} in {found.resources}."
    moves: list[Move] = [*_puts(found.resources, KRITA, bundle), Tell(where)]
    moves += _switch_on(found, insist=insist)
    if found.caution:
        moves.append(Tell(found.caution))
    return tuple(moves)


def uninstall_krita(found: FoundKrita) -> Moves:
    """Take the plugin out of a Krita, with what the settings say of it.

    Raises:
        EditorError: This Krita runs.
    """
    _refuse_running(found)
    moves: list[Move] = [*_removes(found.resources, KRITA), *_switch_back(found)]
    moves.append(Tell(f"{found.name}: the plugin is gone from {found.resources}."))
    return tuple(moves)


def install_gimp(found: FoundGimp, bundle: Bundle) -> Moves:
    """Put the plug-in into a GIMP."""
    change = "updated" if found.installed is not None else "installed"
    text = f"{found.name}: the plug-in is {change} in {found.plug_ins}. Restart GIMP if it runs."
    return (*_puts(found.plug_ins, GIMP, bundle), Tell(text))


def uninstall_gimp(found: FoundGimp) -> Moves:
    """Take the plug-in out of a GIMP."""
    text = f"{found.name}: the plug-in is gone from {found.plug_ins}. Restart GIMP if it runs."
    return (*_removes(found.plug_ins, GIMP), Tell(text))


def why_no_krita() -> EditorError:
    """What to say where no Krita was found."""
    return EditorError(
        "No Krita was found.",
        "Start it once, or name its resource folder with --resources; Krita shows it under "
        "Settings ▸ Manage Resources ▸ Open Resource Folder.",
    )


def why_no_gimp(found: FoundEditors) -> EditorError:
    """What to say where no GIMP 3 was found, or none that has a folder yet."""
    if found.has_new_gimp:
        return EditorError(
            "GIMP has not made its folder for plug-ins yet.",
            "Start GIMP once and close it, then run the same command again.",
        )
    if found.has_old_gimp:
        return EditorError(
            "Only GIMP 2 was found, which lacks Python 3; Scumble needs GIMP 3.0 or newer.",
            "Get it from gimp.org, start it once, then run the same command again.",
        )
    return EditorError(
        "No GIMP 3 was found.",
        "Start it once, or name its folder for plug-ins with --plug-ins; GIMP shows it under "
        "Edit ▸ Preferences ▸ Folders ▸ Plug-ins.",
    )


def _refuse_running(found: FoundKrita) -> None:
    if found.is_running:
        raise EditorError(f"{found.name} is running and has the plugin's files in use.", _CLOSE)


def _switch_on(found: FoundKrita, *, insist: bool) -> Iterator[Move]:
    if found.settings is None:
        yield Tell(f"Restart Krita and switch it on: {_MANAGER} ▸ Scumble.")
        return
    before = found.content or b""
    if kritarc.is_enabled(before, _PLUGIN) is False and not insist:
        yield Tell(f"It is switched off there; {_MANAGER} switches it on.")
        return
    after = kritarc.enable(before, _PLUGIN)
    if after != before:
        # What was kept first is what was there before Scumble.
        is_first = found.content is not None and found.backup is None
        yield Write(found.settings, after, _backup_of(found.settings) if is_first else None)
    yield Tell("Start Krita and look for Settings ▸ Dockers ▸ Scumble.")


def _switch_back(found: FoundKrita) -> Iterator[Move]:
    if found.settings is None:
        return
    if found.content is not None:
        after = kritarc.restore(found.content, found.backup, _PLUGIN)
        if not after and found.backup is None:
            yield Remove(found.settings)
        elif after != found.content:
            yield Write(found.settings, after)
    yield Remove(_backup_of(found.settings))


def _backup_of(settings: Path) -> Path:
    return settings.with_name(settings.name + BACKUP_SUFFIX)


def _puts(root: Path, kind: PluginKind, bundle: Bundle) -> Iterator[Put]:
    # The other way round: the first place is what the editor looks for, and it comes last.
    for _, place in reversed(kind.places):
        files = tuple(file for file in bundle if file.path.is_relative_to(place))
        yield Put(root, place, files)


def _removes(root: Path, kind: PluginKind) -> Iterator[Remove]:
    for _, place in kind.places:
        yield Remove(root.joinpath(*place.parts))
