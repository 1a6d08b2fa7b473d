"""Editors are found by the folders that they left or by their programs, with what is in them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from scumble_installer.plugins import seek
from scumble_installer.plugins.places import User
from scumble_installer.plugins.seek import find_editors, gimp_at, krita_at

pytestmark = pytest.mark.skipif(os.name != "posix", reason="makes programs of a Unix")


@pytest.fixture
def user(tmp_path: Path) -> User:
    """A user of Linux without any editor."""
    (tmp_path / "bin").mkdir()
    return User("linux", tmp_path / "home", {"PATH": str(tmp_path / "bin")})


def make_program(user: User, name: str) -> None:
    file = Path(user.environ["PATH"]) / name
    file.write_text("#!/bin/sh\n", "utf-8")
    file.chmod(0o755)


def write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8")


def test_machine_without_editors_has_none(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    # What is installed for all users of the machine that runs the tests.
    monkeypatch.setattr(seek, "_any_exists", lambda _: False)
    found = find_editors(user)
    assert not found.kritas
    assert not found.gimps
    assert not found.has_new_gimp
    assert not found.has_old_gimp


def test_krita_is_found_by_its_folder(user: User) -> None:
    (user.home / ".local/share/krita").mkdir(parents=True)
    (krita,) = (krita for krita in find_editors(user).kritas if krita.name == "Krita")
    assert krita.resources == user.home / ".local/share/krita"
    assert krita.settings == user.home / ".config/kritarc"
    assert krita.content is None
    assert krita.installed is None
    assert not krita.is_running


def test_krita_is_found_by_its_settings_which_are_read(user: User) -> None:
    write(user.home / ".config/kritarc", "[General]\n")
    write(user.home / ".config/kritarc.before-scumble", "older")
    (krita,) = (krita for krita in find_editors(user).kritas if krita.name == "Krita")
    assert krita.content == b"[General]\n"
    assert krita.backup == b"older"


def test_krita_that_was_never_started_is_found_by_its_program(user: User) -> None:
    assert "Krita" not in [krita.name for krita in find_editors(user).kritas]
    make_program(user, "krita")
    assert "Krita" in [krita.name for krita in find_editors(user).kritas]


def test_several_kritas_are_found_at_once(user: User) -> None:
    (user.home / ".local/share/krita").mkdir(parents=True)
    (user.home / ".var/app/org.kde.krita/config").mkdir(parents=True)
    write(user.home / ".var/app/org.kde.krita/config/kritarc", "")
    names = [krita.name for krita in find_editors(user).kritas]
    assert {"Krita", "Krita (Flatpak)"} <= set(names)


def test_resource_folder_that_a_painter_chose_counts(user: User, tmp_path: Path) -> None:
    (tmp_path / "art").mkdir()
    write(user.home / ".config/kritarc", f"ResourceDirectory={tmp_path / 'art'}\n[General]\n")
    (krita,) = (krita for krita in find_editors(user).kritas if krita.name == "Krita")
    assert krita.resources == tmp_path / "art"


def test_chosen_folder_that_is_gone_does_not_count(user: User, tmp_path: Path) -> None:
    write(user.home / ".config/kritarc", f"ResourceDirectory={tmp_path / 'gone'}\n")
    (krita,) = (krita for krita in find_editors(user).kritas if krita.name == "Krita")
    assert krita.resources == user.home / ".local/share/krita"


def test_installed_plugin_tells_its_version(user: User) -> None:
    resources = user.home / ".local/share/krita"
    write(resources / "pykrita/scumble_krita/version.txt", "0.0.7\n")
    assert krita_at(resources, None, user).installed == "0.0.7"
    write(user.home / "plug-ins/scumble/scumble_gimp/__init__.py", "")
    assert gimp_at(user.home / "plug-ins").installed == ""


def test_named_folder_of_a_known_krita_brings_its_settings(user: User) -> None:
    write(user.home / ".config/kritarc", "[General]\n")
    found = krita_at(user.home / ".local/share/krita", None, user)
    assert found.settings == user.home / ".config/kritarc"


def test_named_folder_of_an_unknown_krita_has_no_settings(user: User) -> None:
    assert krita_at(user.home / "portable", None, user).settings is None


def test_named_folder_and_settings_are_taken_as_they_are(user: User, tmp_path: Path) -> None:
    (tmp_path / "art").mkdir()
    write(tmp_path / "rc", f"ResourceDirectory={tmp_path / 'art'}\n")
    found = krita_at(tmp_path / "named", tmp_path / "rc", user)
    assert found.resources == tmp_path / "named"
    assert found.settings == tmp_path / "rc"


def test_every_gimp_3_is_found_by_its_folder_and_no_older_one(user: User) -> None:
    for version in ("2.10", "3.0", "3.2", "3.x"):
        (user.home / ".config/GIMP" / version).mkdir(parents=True)
    (user.home / ".var/app/org.gimp.GIMP/config/GIMP/3.0").mkdir(parents=True)
    found = find_editors(user)
    assert [(gimp.name, gimp.plug_ins) for gimp in found.gimps] == [
        ("GIMP 3.0", user.home / ".config/GIMP/3.0/plug-ins"),
        ("GIMP 3.2", user.home / ".config/GIMP/3.2/plug-ins"),
        (
            "GIMP 3.0 (Flatpak)",
            user.home / ".var/app/org.gimp.GIMP/config/GIMP/3.0/plug-ins",
        ),
    ]
    assert found.has_old_gimp


def test_gimp_that_was_never_started_is_found_by_its_program(user: User) -> None:
    make_program(user, "gimp-3.2")
    (gimp,) = find_editors(user).gimps
    assert gimp.plug_ins == user.home / ".config/GIMP/3.2/plug-ins"


def test_old_gimp_is_found_by_its_program(user: User) -> None:
    make_program(user, "gimp-2.10")
    found = find_editors(user)
    assert found.has_old_gimp
    assert not found.gimps


def test_gimp_whose_version_nobody_knows_yet_is_noticed(user: User) -> None:
    assert not find_editors(user).has_new_gimp
    (user.home / ".local/share/flatpak/app/org.gimp.GIMP").mkdir(parents=True)
    assert find_editors(user).has_new_gimp


def test_folder_that_gimps_variable_names_comes_first(user: User, tmp_path: Path) -> None:
    named = User("linux", user.home, {**user.environ, "GIMP3_DIRECTORY": str(tmp_path / "g")})
    assert find_editors(named).gimps[0].plug_ins == tmp_path / "g" / "plug-ins"


def test_kritas_from_microsofts_store_are_found(tmp_path: Path) -> None:
    user = User("win32", tmp_path, {"LOCALAPPDATA": str(tmp_path / "Local")})
    (tmp_path / "Local/Packages/49800Krita_abc/LocalCache/Roaming/krita").mkdir(parents=True)
    names = [krita.name for krita in find_editors(user).kritas]
    assert names == ["Krita (Microsoft Store)"]


def test_this_user_is_the_one_who_runs_the_tests() -> None:
    assert seek.this_user().home == Path.home()
