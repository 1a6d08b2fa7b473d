"""The wheel holds the four packages with their data, and nothing else."""

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


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The names in a wheel built as it stands here, without any index."""
    folder = tmp_path_factory.mktemp("wheel")
    build = (sys.executable, "-m", "hatchling", "build", "--target", "wheel", "-d", str(folder))
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (file,) = folder.iterdir()
    with zipfile.ZipFile(file) as archive:
        return set(archive.namelist())


def test_wheel_holds_the_four_packages_and_nothing_else(wheel: set[str]) -> None:
    folders = {name.partition("/")[0] for name in wheel}
    assert {name for name in folders if not name.endswith(".dist-info")} == set(PACKAGES)


@pytest.mark.parametrize("package", PACKAGES)
def test_wheel_holds_every_tracked_file_of_a_package(wheel: set[str], package: str) -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("needs a git checkout, to tell the project's files from others")
    folder = ROOT / PACKAGES[package]
    listing = subprocess.run(
        ("git", "ls-files", "-z", package),
        cwd=folder,
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    files = {name for name in listing.stdout.split("\0") if name and (folder / name).is_file()}
    assert files
    assert files <= wheel


def test_wheel_brings_the_licence(wheel: set[str]) -> None:
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in wheel)
