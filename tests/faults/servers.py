"""Servers to which something happens, seen from the tests."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Any

from scumble_protocol import endpoint
from tests.end_to_end.server_process import TINY
from tests.faults.forked import PATIENCE, Forked
from tests.faults.server_with_faults import run_forked
from tests.timing import MS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Server(Forked):
    """A server on a state folder.

    Args:
        state: The folder.
        faults: What happens to it, as `fault.py` reads it.
        clock_wrong: Seconds that its wall clock is ahead.
        words: The file at whose end is put what it says; None for one beside the folder.
        settings: Values of `ServerConfig`.
    """

    def __init__(
        self,
        state: Path,
        *faults: str,
        clock_wrong: float = 0.0,
        words: Path | None = None,
        **settings: Any,
    ) -> None:
        self.state = state
        self.words = words or state.parent / "servers.txt"
        settings = {"model": TINY, **settings}
        super().__init__(run_forked, self.words, state, faults, settings, clock_wrong)

    def listening(self) -> None:
        """Wait until it listens."""
        assert self.is_up(), self.words.read_text()

    def is_up(self) -> bool:
        """Wait until it listens, or ends before it does; whether it listens."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            found = endpoint.read(self.state)
            if found is not None and found.pid == self.pid:
                return True
            if not self.is_alive:
                return False
            time.sleep(5 * MS)
        raise TimeoutError


@contextlib.contextmanager
def serving(state: Path, *faults: str, **settings: Any) -> Iterator[Server]:
    """A server that listens; it is ended at the end, unless it was killed."""
    server = Server(state, *faults, **settings)
    try:
        server.listening()
        yield server
        if server.is_alive:
            assert server.terminate() == 0, server.words.read_text()
    finally:
        server.kill()
