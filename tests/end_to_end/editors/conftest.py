"""Fixtures with real editors: one Krita for the whole run, each GIMP with its own profile."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest

from scumble_installer.debian import gimp_roots
from scumble_installer.look import cache_folder
from tests.end_to_end.editors.gimp import Gimp
from tests.end_to_end.editors.krita import Krita, open_krita

HOW = "`python3 installer test --editors` gets it (Debian, as root)"


def missing(what: str) -> None:
    """Skip, unless the run was asked to have every editor: then nothing may be missing."""
    if os.environ.get("SCUMBLE_TEST_EDITORS") == "required":
        pytest.fail(f"{what} is missing, though the editors were set up")
    pytest.skip(f"needs {what}: {HOW}")


@pytest.fixture(scope="session")
def krita(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Krita]:
    """A Krita with a window; tests close the documents that they open."""
    for program in ("krita", "Xvfb", "openbox"):
        if not shutil.which(program):
            missing(program)
    with open_krita(tmp_path_factory.mktemp("krita")) as running:
        yield running


@pytest.fixture(scope="session", params=["3.0", "3.2"])
def gimp(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Gimp:
    """Each GIMP in turn."""
    series: str = request.param
    (root,) = (root.folder for root in gimp_roots(cache_folder()) if root.gimp == series)
    if not (root / "usr/bin/gimp-console").exists():
        missing(f"GIMP {series}")
    if os.geteuid() != 0:
        missing(f"GIMP {series}, which lives in a chroot, and root to enter it")
    return Gimp(series, root, tmp_path_factory.mktemp(f"gimp-{series}"))
