"""Every way to install an editor has its folders, on each platform."""

from __future__ import annotations

from pathlib import Path

import pytest

from scumble_installer.plugins.places import User, gimp_places, krita_places

HOME = Path("/home/ada")
LINUX = User("linux", HOME, {})
WINDOWS = User(
    "win32",
    Path("C:/Users/ada"),
    {
        "APPDATA": "C:/Users/ada/AppData/Roaming",
        "LOCALAPPDATA": "C:/Users/ada/AppData/Local",
        "PROGRAMFILES": "C:/Program Files",
    },
)
MAC = User("darwin", Path("/Users/ada"), {})


def krita_folders(user: User, store: tuple[Path, ...] = ()) -> dict[str, tuple[str, str]]:
    return {
        place.name: (
            place.resources.as_posix(),
            place.settings.as_posix() if place.settings else "",
        )
        for place in krita_places(user, store)
    }


def gimp_folders(user: User) -> dict[str, str]:
    return {place.name: place.folder.as_posix() for place in gimp_places(user)}


def test_kritas_of_linux() -> None:
    assert krita_folders(LINUX) == {
        "Krita": ("/home/ada/.local/share/krita", "/home/ada/.config/kritarc"),
        "Krita (Flatpak)": (
            "/home/ada/.var/app/org.kde.krita/data/krita",
            "/home/ada/.var/app/org.kde.krita/config/kritarc",
        ),
        "Krita (Snap)": (
            "/home/ada/snap/krita/current/.local/share/krita",
            "/home/ada/snap/krita/current/.config/kritarc",
        ),
    }


def test_variables_of_the_desktop_move_the_usual_krita_only() -> None:
    moved = User("linux", HOME, {"XDG_DATA_HOME": "/data", "XDG_CONFIG_HOME": "/config"})
    assert krita_folders(moved) | {"Krita": krita_folders(LINUX)["Krita"]} == krita_folders(LINUX)
    assert krita_folders(moved)["Krita"] == ("/data/krita", "/config/kritarc")


def test_empty_variables_count_as_unset() -> None:
    empty = User("linux", HOME, {"XDG_DATA_HOME": "", "XDG_CONFIG_HOME": " "})
    assert krita_folders(empty) == krita_folders(LINUX)
    assert gimp_folders(empty) == gimp_folders(LINUX)


def test_kritas_of_windows() -> None:
    packages = Path("C:/Users/ada/AppData/Local/Packages/49800Krita_x1")
    assert krita_folders(WINDOWS, (packages,)) == {
        "Krita": ("C:/Users/ada/AppData/Roaming/krita", "C:/Users/ada/AppData/Local/kritarc"),
        "Krita (Microsoft Store)": (
            f"{packages.as_posix()}/LocalCache/Roaming/krita",
            f"{packages.as_posix()}/LocalCache/Local/kritarc",
        ),
    }


def test_windows_without_its_variables_has_the_usual_folders() -> None:
    assert krita_folders(User("win32", WINDOWS.home, {})) == krita_folders(WINDOWS)
    assert gimp_places(User("win32", WINDOWS.home, {})) == gimp_places(WINDOWS)


def test_krita_of_a_mac() -> None:
    assert krita_folders(MAC) == {
        "Krita": (
            "/Users/ada/Library/Application Support/krita",
            "/Users/ada/Library/Preferences/kritarc",
        )
    }


def test_gimps_of_each_platform() -> None:
    assert gimp_folders(LINUX) == {
        "GIMP": "/home/ada/.config/GIMP",
        "GIMP (Flatpak)": "/home/ada/.var/app/org.gimp.GIMP/config/GIMP",
        "GIMP (Snap)": "/home/ada/snap/gimp/current/.config/GIMP",
    }
    assert gimp_folders(WINDOWS) == {"GIMP": "C:/Users/ada/AppData/Roaming/GIMP"}
    assert gimp_folders(MAC) == {"GIMP": "/Users/ada/Library/Application Support/GIMP"}


@pytest.mark.parametrize("user", [LINUX, WINDOWS, MAC], ids=["linux", "windows", "mac"])
def test_every_place_can_be_told_to_be_there(user: User) -> None:
    for place in krita_places(user):
        assert place.programs or place.signs
    assert any(place.programs or place.signs for place in gimp_places(user))


def test_flatpaks_are_known_by_either_installation() -> None:
    (flatpak,) = (place for place in krita_places(LINUX) if "Flatpak" in place.name)
    assert {sign.as_posix() for sign in flatpak.signs} == {
        "/var/lib/flatpak/app/org.kde.krita",
        "/home/ada/.local/share/flatpak/app/org.kde.krita",
    }
    assert "scumble serve" in flatpak.caution
