"""The wheel holds the four packages with their data and the plugins' sources, and nothing else."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = {
    "scumble_protocol": "protocol",
    "scumble_server": "server",
    "scumble_cli": "server",
    "scumble_installer": "installer",
}
PLUGINS = ("krita_plugin", "gimp_plugin")
IN_WHEEL = "scumble_installer/plugins/components"

# The command line as it is in an unpacked wheel, in front of the checkout's own.
FROM_WHEEL = """
import sys
sys.path.insert(0, sys.argv[1])
from scumble_cli.__main__ import main
import scumble_cli
assert scumble_cli.__file__.startswith(sys.argv[1])
sys.exit(main(["bundle", sys.argv[2]]))
"""


@pytest.fixture(scope="module")
def wheel_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built as it stands here, without any index."""
    folder = tmp_path_factory.mktemp("wheel")
    build = (sys.executable, "-m", "hatchling", "build", "--target", "wheel", "-d", str(folder))
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (file,) = folder.iterdir()
    return file


@pytest.fixture(scope="module")
def wheel(wheel_file: Path) -> set[str]:
    """The names in it."""
    with zipfile.ZipFile(wheel_file) as archive:
        return set(archive.namelist())


def tracked_files(folder: Path, *inside: str) -> set[str]:
    """The project's own files in a folder of the checkout."""
    if not (ROOT / ".git").exists():
        pytest.skip("needs a git checkout, to tell the project's files from others")
    listing = subprocess.run(
        ("git", "ls-files", "-z", *inside),
        cwd=folder,
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    return {name for name in listing.stdout.split("\0") if name and (folder / name).is_file()}


def test_wheel_holds_the_four_packages_and_nothing_else(wheel: set[str]) -> None:
    folders = {name.partition("/")[0] for name in wheel}
    assert {name for name in folders if not name.endswith(".dist-info")} == set(PACKAGES)


@pytest.mark.parametrize("package", PACKAGES)
def test_wheel_holds_every_tracked_file_of_a_package(wheel: set[str], package: str) -> None:
    files = tracked_files(ROOT / PACKAGES[package], package)
    assert files
    assert files <= wheel


@pytest.mark.parametrize("plugin", PLUGINS)
def test_wheel_holds_the_sources_of_the_plugins(wheel: set[str], plugin: str) -> None:
    files = tracked_files(ROOT / plugin)
    assert files
    assert {f"{IN_WHEEL}/{plugin}/{name}" for name in files} <= wheel


def test_wheel_makes_the_same_plugins_as_the_checkout(wheel_file: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel_file) as archive:
        archive.extractall(tmp_path / "wheel")
    program = (sys.executable, "-I", "-c", FROM_WHEEL, str(tmp_path / "wheel"))
    subprocess.run((*program, str(tmp_path / "ours")), cwd=tmp_path, check=True)
    here = (sys.executable, "-m", "scumble_cli", "bundle", str(tmp_path / "theirs"))
    subprocess.run(here, cwd=tmp_path, check=True)
    names = {"scumble-krita.zip", "scumble-gimp.zip"}
    assert {file.name for file in (tmp_path / "ours").iterdir()} == names
    for name in names:
        assert (tmp_path / "ours" / name).read_bytes() == (tmp_path / "theirs" / name).read_bytes()


def test_wheel_brings_the_licence(wheel: set[str]) -> None:
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in wheel)
