"""The real `scumble install`, `uninstall` and `bundle`, in a home of their own."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from scumble_protocol.program import read_program
from tests.installer.plugins.throwaway import make_gimp_plugin, make_krita_plugin

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="lays out a home of Linux")

Scumble = Callable[..., subprocess.CompletedProcess[str]]

RESOURCES = ".local/share/krita"
SETTINGS = b"[General]\na=1\n"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Sources with both plugins."""
    make_krita_plugin(tmp_path / "checkout" / "krita_plugin")
    make_gimp_plugin(tmp_path / "checkout" / "gimp_plugin")
    return tmp_path / "checkout"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home where Krita and GIMP 3.2 were started once."""
    (tmp_path / "home" / RESOURCES).mkdir(parents=True)
    (tmp_path / "home" / ".config" / "GIMP" / "3.2").mkdir(parents=True)
    (tmp_path / "home" / ".config" / "kritarc").write_bytes(SETTINGS)
    return tmp_path / "home"


@pytest.fixture
def scumble(home: Path, checkout: Path) -> Scumble:
    """Runs the program as the user of that home, with those sources."""
    code = (
        "import sys, pathlib\n"
        "from scumble_installer.plugins import sources\n"
        f"sources._CHECKOUT = pathlib.Path({str(checkout)!r})\n"
        "from scumble_cli.__main__ import main\n"
        "sys.exit(main())\n"
    )
    hidden = ("XDG_", "SCUMBLE_", "GIMP")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}

    def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", code, *map(str, arguments)],
            env=kept | {"HOME": str(home), "PATH": str(home / "bin")},
            cwd=home,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_every_editor_that_is_found_gets_its_plugin(scumble: Scumble, home: Path) -> None:
    ended = scumble("install")
    assert ended.returncode == 0, ended.stderr
    assert (home / RESOURCES / "pykrita/scumble_krita.desktop").exists()
    assert (home / RESOURCES / "actions/scumble_krita.action").exists()
    assert os.access(home / ".config/GIMP/3.2/plug-ins/scumble/scumble.py", os.X_OK)
    settings = (home / ".config/kritarc").read_bytes()
    assert settings == SETTINGS + b"\n[python]\nenable_scumble_krita=true\n"
    assert "Start Krita" in ended.stdout
    assert "Restart GIMP" in ended.stdout


def test_uninstalling_restores_the_home(scumble: Scumble, home: Path) -> None:
    before = files(home)
    scumble("install")
    ended = scumble("uninstall")
    assert ended.returncode == 0, ended.stderr
    assert files(home) - before == {".local/share/scumble/program.json"}
    assert (home / ".config/kritarc").read_bytes() == SETTINGS
    assert scumble("uninstall").stdout == "No editor has the plugin.\n"


def test_installing_again_replaces_the_older_version_whole(
    scumble: Scumble, home: Path, checkout: Path
) -> None:
    (checkout / "krita_plugin/scumble_krita/old.py").write_text("", "utf-8")
    scumble("install", "krita")
    (checkout / "krita_plugin/scumble_krita/old.py").unlink()
    ended = scumble("install", "krita")
    assert "the plugin is updated" in ended.stdout
    assert not (home / RESOURCES / "pykrita/scumble_krita/old.py").exists()
    assert (home / RESOURCES / "pykrita/scumble_krita/inner/speaker.py").exists()


def test_named_editor_is_the_only_one_touched(scumble: Scumble, home: Path) -> None:
    scumble("install", "gimp")
    assert not (home / RESOURCES / "pykrita").exists()
    assert (home / ".config/GIMP/3.2/plug-ins/scumble").exists()


def test_named_folders_are_used_instead_of_found_ones(scumble: Scumble, home: Path) -> None:
    assert scumble("install", "krita", "--resources", "portable").returncode == 0
    assert scumble("install", "gimp", "--plug-ins", "mine").returncode == 0
    assert (home / "portable/pykrita/scumble_krita/__init__.py").exists()
    assert (home / "mine/scumble/scumble.py").exists()
    assert (home / ".config/kritarc").read_bytes() == SETTINGS
    assert scumble("uninstall", "krita", "--resources", "portable").returncode == 0
    assert files(home / "portable") == set()


def test_editors_learn_how_to_start_the_server(scumble: Scumble, home: Path) -> None:
    scumble("install")
    command = read_program(home / ".local/share/scumble")
    assert command is not None
    assert command[-2:] == ("scumble_cli", "serve")


def test_missing_editor_is_one_sentence(scumble: Scumble, home: Path) -> None:
    (home / ".config/GIMP/3.2").rename(home / ".config/GIMP/2.10")
    ended = scumble("install", "gimp")
    assert ended.returncode == 1
    assert ended.stderr.startswith("scumble: Only GIMP 2 was found")
    everything = scumble("install")
    assert everything.returncode == 0, everything.stderr
    assert "Only GIMP 2" in everything.stdout


def test_build_without_a_plugin_says_so_only_when_asked_for_it(
    scumble: Scumble, checkout: Path
) -> None:
    (checkout / "gimp_plugin").rename(checkout / "gone")
    everything = scumble("install")
    assert everything.returncode == 0
    assert "GIMP" not in everything.stdout
    ended = scumble("install", "gimp")
    assert ended.returncode == 1
    assert "no plugin for GIMP" in ended.stderr
    assert "no plugin for GIMP" in scumble("bundle", "zips").stdout


def test_folder_that_cannot_be_written_is_one_sentence(scumble: Scumble, home: Path) -> None:
    (home / RESOURCES / "pykrita").write_text("in the way", "utf-8")
    ended = scumble("install", "krita")
    assert ended.returncode == 1
    assert "can't be changed" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_zips_hold_both_plugins_and_are_the_same_every_time(scumble: Scumble, home: Path) -> None:
    for folder in ("one", "two"):
        assert scumble("bundle", folder).returncode == 0
    assert files(home / "one") == {"scumble-krita.zip", "scumble-gimp.zip"}
    for name in files(home / "one"):
        assert (home / "one" / name).read_bytes() == (home / "two" / name).read_bytes()
    with zipfile.ZipFile(home / "one" / "scumble-gimp.zip") as archive:
        assert archive.getinfo("scumble/scumble.py").external_attr >> 16 == 0o100755
    with zipfile.ZipFile(home / "one" / "scumble-krita.zip") as archive:
        assert {"pykrita/scumble_krita/", "actions/scumble_krita.action"} <= set(archive.namelist())
