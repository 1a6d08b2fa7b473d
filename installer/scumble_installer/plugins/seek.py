"""Looks for the editors of this user, and for what is in them."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from scumble_installer.plugins import kritarc, places
from scumble_installer.plugins.bundle import GIMP, KRITA, VERSION_FILE, PluginKind
from scumble_installer.plugins.found import FoundEditors, FoundGimp, FoundKrita
from scumble_installer.plugins.places import GimpPlace, KritaPlace, User
from scumble_installer.plugins.plan import BACKUP_SUFFIX
from scumble_installer.plugins.running import is_krita_running

_GIMP_3: Final = re.compile(r"3\.\d+")


def this_user() -> User:
    """The user who runs this program."""
    return User(sys.platform, Path.home(), os.environ)


def find_editors(user: User) -> FoundEditors:
    """Every Krita and GIMP of the user that has left a folder, or whose program is there."""
    gimps = tuple(gimp for place in places.gimp_places(user) for gimp in _gimps_at(place, user))
    if named := user.environ.get("GIMP3_DIRECTORY", "").strip():
        gimps = (_gimp("GIMP", Path(named) / "plug-ins"), *gimps)
    return FoundEditors(
        kritas=tuple(_krita(place) for place in _krita_places(user) if _is_there(place, user)),
        gimps=gimps,
        has_new_gimp=any(_any_exists(place.signs) for place in places.gimp_places(user)),
        has_old_gimp=_has_old_gimp(user),
    )


def krita_at(resources: Path, settings: Path | None, user: User) -> FoundKrita:
    """A Krita by its resource folder, which a person has named.

    Args:
        resources: The folder; it need not be there yet.
        settings: Its settings file, if the person has named that too.
        user: The user, whose known Kritas tell which settings belong to the folder.
    """
    known = (_krita(place) for place in _krita_places(user))
    same = (krita for krita in known if krita.resources == resources)
    found = next(same, None)
    if found is not None and settings is None:
        return found
    return _krita(KritaPlace("Krita", resources, settings), may_move=False)


def gimp_at(plug_ins: Path) -> FoundGimp:
    """A GIMP by its folder for plug-ins, which a person has named."""
    return _gimp("GIMP", plug_ins)


def _krita_places(user: User) -> tuple[KritaPlace, ...]:
    packages = user.local_data / "Packages"
    store = sorted(packages.glob(places.KRITA_STORE_PACKAGES)) if user.platform == "win32" else ()
    return places.krita_places(user, tuple(store))


def _is_there(place: KritaPlace, user: User) -> bool:
    paths = (place.resources, *place.signs, *([place.settings] if place.settings else ()))
    return _any_exists(paths) or any(_on_path(name, user) for name in place.programs)


def _krita(place: KritaPlace, *, may_move: bool = True) -> FoundKrita:
    content = _read(place.settings)
    backup = None
    if place.settings is not None:
        backup = _read(place.settings.with_name(place.settings.name + BACKUP_SUFFIX))
    chosen = kritarc.resource_folder(content or b"") if may_move else None
    resources = Path(chosen) if chosen and Path(chosen).is_dir() else place.resources
    return FoundKrita(
        name=place.name,
        resources=resources,
        settings=place.settings,
        content=content,
        backup=backup,
        installed=_installed(resources, KRITA),
        is_running=is_krita_running(resources),
        caution=place.caution,
    )


def _gimps_at(place: GimpPlace, user: User) -> Iterable[FoundGimp]:
    versions = {version for version, program in place.programs if _on_path(program, user)}
    if place.folder.is_dir():
        versions |= {entry.name for entry in place.folder.iterdir() if entry.is_dir()}
    for version in sorted(filter(_GIMP_3.fullmatch, versions)):
        name = place.name.replace("GIMP", f"GIMP {version}")
        yield _gimp(name, place.folder / version / "plug-ins")


def _gimp(name: str, plug_ins: Path) -> FoundGimp:
    return FoundGimp(name, plug_ins, _installed(plug_ins, GIMP))


def _has_old_gimp(user: User) -> bool:
    folders = (place.folder / "2.10" for place in places.gimp_places(user))
    return _any_exists(folders) or _on_path(places.OLD_GIMP_PROGRAM, user)


def _installed(root: Path, kind: PluginKind) -> str | None:
    package = root.joinpath(*kind.package.parts)
    if not package.is_dir():
        return None
    return (_read(package / VERSION_FILE) or b"").decode("utf-8", "replace").strip()


def _read(file: Path | None) -> bytes | None:
    return file.read_bytes() if file is not None and file.is_file() else None


def _any_exists(paths: Iterable[Path]) -> bool:
    return any(path.exists() for path in paths)


def _on_path(program: str, user: User) -> bool:
    return shutil.which(program, path=user.environ.get("PATH", "")) is not None
