"""Processes that are forked from one which has imported everything: real ones, in a moment."""

from __future__ import annotations

import multiprocessing
import os
import signal
from multiprocessing import forkserver
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.timing import MS

if TYPE_CHECKING:
    from collections.abc import Callable

PATIENCE = 60_000 * MS
"""For the next sign of life."""

_CONTEXT = multiprocessing.get_context("forkserver")
_ROOT = Path(__file__).parents[2]


class Forked:
    """A process that was forked.

    Args:
        target: What it does; can be found by its name.
        arguments: What with.
    """

    def __init__(self, target: Callable[..., None], *arguments: Any) -> None:
        _prepare()
        self._process = _CONTEXT.Process(target=target, args=arguments, daemon=True)
        self._process.start()

    @property
    def pid(self) -> int:
        """Its process id."""
        assert self._process.pid is not None
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether it runs."""
        return self._process.is_alive()

    def ended(self, patience: float = PATIENCE) -> int:
        """Its exit code, once it has ended; a signal's number is negative."""
        self._process.join(patience)
        assert self._process.exitcode is not None, "it still runs"
        return self._process.exitcode

    def died(self) -> None:
        """Wait until it was killed."""
        assert self.ended() == -signal.SIGKILL

    def terminate(self) -> int:
        """Ask it to end; its exit code."""
        self._process.terminate()
        return self.ended()

    def kill(self) -> None:
        """Kill it, if it still runs."""
        self._process.kill()
        self.ended()


def _prepare() -> None:
    """Start the process that all are forked from, where these tests can be imported."""
    path = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (str(_ROOT), path)))
    try:
        _CONTEXT.set_forkserver_preload(["tests.faults.preloaded"])
        forkserver.ensure_running()
    finally:
        if path is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = path
