"""Fixtures: each GIMP with the plug-in, and a real server with the shipped starter for it."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from scumble_installer.debian import gimp_roots
from scumble_installer.look import cache_folder
from tests.end_to_end.editors.conftest import missing
from tests.end_to_end.editors.gimp import Gimp
from tests.end_to_end.gimp.desk import Desk
from tests.end_to_end.server_process import ServerProcess, running_server


@pytest.fixture(scope="session", params=["3.0", "3.2"])
def desk(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """Each GIMP in turn, with the plug-in."""
    series: str = request.param
    (root,) = (root.folder for root in gimp_roots(cache_folder()) if root.gimp == series)
    if not (root / "usr/bin/gimp-console").exists():
        missing(f"GIMP {series}")
    if os.geteuid() != 0:
        missing(f"GIMP {series}, which lives in a chroot, and root to enter it")
    return Desk.furnish(Gimp(series, root, tmp_path_factory.mktemp(f"gimp-{series}")))


@pytest.fixture(scope="module")
def served(desk: Desk) -> Iterator[ServerProcess]:
    """A server that this GIMP finds, and that other files of tests need not reckon with."""
    with running_server(desk.state) as server:
        yield server
