"""How the process ends: soon, whatever hangs in it; or by becoming a new one of the same program.

Everything that must last is on disk before: a job is in the journal before it is accepted, its end
before it is told. So nothing is lost by an end without ceremony.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import threading
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_log = logging.getLogger(__name__)


def leave(code: int) -> NoReturn:
    """End the process now.

    Python's own end would wait for threads, which may hang, and take libraries down while a thread
    still uses them.
    """
    _flush()
    os._exit(code)


def become_anew(variables: Mapping[str, str]) -> NoReturn:
    """Replace the process by a new one of the same program with the same arguments.

    Args:
        variables: Environment variables for it.

    Raises:
        OSError: That failed; this process goes on.
    """
    os.environ.update(variables)
    _flush()
    _keep_to_itself()
    # Nothing here comes from a client: these are the words that this process was started with.
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606


class LastResort:
    """Does something if the program has not come to it by then, even if its main thread hangs.

    Args:
        seconds: From `start` on.
        act: What is done, on a thread of its own.
    """

    def __init__(self, seconds: float, act: Callable[[], object]) -> None:
        self._timer = threading.Timer(seconds, act)
        self._timer.daemon = True

    def start(self) -> None:
        """From now on the time runs."""
        self._timer.start()


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        # A closed terminal, or a pipe that nobody reads from, keeps nobody here.
        with contextlib.suppress(OSError, ValueError, AttributeError):
            stream.flush()


def _keep_to_itself() -> None:
    """Let the next process inherit nothing that a library opened but the three standard streams.

    A driver's file that stays open would keep its memory.
    """
    with contextlib.suppress(OSError):  # where the system doesn't list them, Python's rule is all
        for name in os.listdir("/dev/fd"):  # noqa: PTH208  (names are all there is to them)
            with contextlib.suppress(OSError):  # the listing itself is closed by now
                if int(name) > 2:
                    os.set_inheritable(int(name), False)
