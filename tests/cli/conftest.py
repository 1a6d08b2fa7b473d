"""A tiny model for every test of the command line, and a server that has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.server_process import TINY, running_server
from tests.server.models.checkpoints import make_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.end_to_end.server_process import ServerProcess


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A running server whose state folder has a tiny random model."""
    state = tmp_path_factory.mktemp("state")
    make_folder(state / "models" / TINY)
    with running_server(state) as server:
        yield server
