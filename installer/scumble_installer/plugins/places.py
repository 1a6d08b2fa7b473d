"""Where Krita and GIMP keep what belongs to a user, on each platform; looks at nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

KRITA_STORE_PACKAGES = "49800Krita*"
"""Folders in `%LOCALAPPDATA%\\Packages` of Krita from Microsoft's store; their ends differ."""

GIMP_PROGRAMS = (("3.0", "gimp-3.0"), ("3.2", "gimp-3.2"))
"""Versions of GIMP that can be told by the name of their program."""

OLD_GIMP_PROGRAM = "gimp-2.10"


@dataclass(frozen=True)
class KritaPlace:
    """One way in which Krita can be installed.

    Args:
        name: What people call it.
        resources: Its resource folder, unless the settings name another.
        settings: Its settings file; None where it is not known.
        programs: Names of the program on the path.
        signs: Files and folders that are there when this Krita is.
        caution: What a painter should know about it.
    """

    name: str
    resources: Path
    settings: Path | None
    programs: tuple[str, ...] = ()
    signs: tuple[Path, ...] = ()
    caution: str = ""


@dataclass(frozen=True)
class GimpPlace:
    """One way in which GIMP can be installed.

    Args:
        name: What people call it.
        folder: Where it keeps a folder for each version: `3.0`, `3.2`.
        programs: Versions, and names of their programs on the path.
        signs: Files and folders that are there when this GIMP is, of whatever version.
    """

    name: str
    folder: Path
    programs: tuple[tuple[str, str], ...] = ()
    signs: tuple[Path, ...] = ()


@dataclass(frozen=True)
class User:
    """Whose editors are looked for, and where.

    Args:
        platform: As `sys.platform`.
        home: The user's home folder.
        environ: The user's environment.
    """

    platform: str
    home: Path
    environ: Mapping[str, str]

    def folder(self, variable: str, *otherwise: str) -> Path:
        """The folder that a variable names, or one in the home folder where it names none."""
        named = self.environ.get(variable, "").strip()
        return Path(named) if named else self.home.joinpath(*otherwise)

    @property
    def local_data(self) -> Path:
        """Windows' folder for what stays on the machine."""
        return self.folder("LOCALAPPDATA", "AppData", "Local")

    @property
    def roaming_data(self) -> Path:
        """Windows' folder for what follows the user to other machines."""
        return self.folder("APPDATA", "AppData", "Roaming")

    @property
    def programs(self) -> Path:
        """Windows' folder for programs."""
        return Path(self.environ.get("PROGRAMFILES", "").strip() or "C:/Program Files")


def krita_places(user: User, store_packages: tuple[Path, ...] = ()) -> tuple[KritaPlace, ...]:
    """Every place where a Krita of this user may be; the first is the usual one.

    Args:
        user: The user.
        store_packages: On Windows, the folders that match `KRITA_STORE_PACKAGES`.
    """
    if user.platform == "win32":
        usual = KritaPlace(
            "Krita",
            user.roaming_data / "krita",
            user.local_data / "kritarc",
            signs=(user.programs / "Krita (x64)" / "bin" / "krita.exe",),
        )
        return (usual, *map(_krita_from_store, store_packages))
    if user.platform == "darwin":
        library = user.home / "Library"
        return (
            KritaPlace(
                "Krita",
                library / "Application Support" / "krita",
                library / "Preferences" / "kritarc",
                signs=_applications(user, "krita.app"),
            ),
        )
    return _kritas_of_linux(user)


def gimp_places(user: User) -> tuple[GimpPlace, ...]:
    """Every place where a GIMP of this user may be; the first is the usual one."""
    if user.platform == "win32":
        # For all users or for one, as the person chose who installed it.
        programs = (user.programs / "GIMP 3", user.local_data / "Programs" / "GIMP 3")
        return (GimpPlace("GIMP", user.roaming_data / "GIMP", signs=programs),)
    if user.platform == "darwin":
        support = user.home / "Library" / "Application Support"
        return (GimpPlace("GIMP", support / "GIMP", signs=_applications(user, "GIMP.app")),)
    return (
        GimpPlace("GIMP", user.folder("XDG_CONFIG_HOME", ".config") / "GIMP", GIMP_PROGRAMS),
        GimpPlace(
            "GIMP (Flatpak)",
            user.home / ".var" / "app" / "org.gimp.GIMP" / "config" / "GIMP",
            signs=_flatpaks(user, "org.gimp.GIMP"),
        ),
        GimpPlace(
            "GIMP (Snap)",
            user.home / "snap" / "gimp" / "current" / ".config" / "GIMP",
            signs=(Path("/snap/gimp"),),
        ),
    )


def _kritas_of_linux(user: User) -> tuple[KritaPlace, ...]:
    sandbox = user.home / ".var" / "app" / "org.kde.krita"
    snap = user.home / "snap" / "krita" / "current"
    return (
        # The packages of distributions, and the AppImage.
        KritaPlace(
            "Krita",
            user.folder("XDG_DATA_HOME", ".local", "share") / "krita",
            user.folder("XDG_CONFIG_HOME", ".config") / "kritarc",
            programs=("krita",),
        ),
        KritaPlace(
            "Krita (Flatpak)",
            sandbox / "data" / "krita",
            sandbox / "config" / "kritarc",
            signs=_flatpaks(user, "org.kde.krita"),
            caution="This Krita is a Flatpak and can't start the server: run `scumble serve` "
            "yourself.",
        ),
        KritaPlace(
            "Krita (Snap)",
            snap / ".local" / "share" / "krita",
            snap / ".config" / "kritarc",
            signs=(Path("/snap/krita"),),
            caution="This Krita is a Snap, which may lack Python and can't see Scumble's folder; "
            "if the plugin does not work, take the AppImage from krita.org.",
        ),
    )


def _krita_from_store(package: Path) -> KritaPlace:
    cache = package / "LocalCache"
    return KritaPlace(
        "Krita (Microsoft Store)", cache / "Roaming" / "krita", cache / "Local" / "kritarc"
    )


def _flatpaks(user: User, app: str) -> tuple[Path, ...]:
    data = user.folder("XDG_DATA_HOME", ".local", "share")
    return (Path("/var/lib/flatpak/app") / app, data / "flatpak" / "app" / app)


def _applications(user: User, name: str) -> tuple[Path, ...]:
    return (Path("/Applications") / name, user.home / "Applications" / name)
