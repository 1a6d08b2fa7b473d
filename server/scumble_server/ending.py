"""How a run of the server ends: told by a signal, by its device, or by a failure.

Whatever hangs in the process, it is gone within two seconds after it was told to end. What is done
until then is in `app.py`; here is who says when, and what happens if it is not done in time.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
import threading
from typing import TYPE_CHECKING, Any, NoReturn

from scumble_protocol.errors import ErrorCode, ScumbleError, ServerError

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator
    from types import FrameType

    from scumble_server.restarts import Restarts

_GONE_SECONDS = 1.6
"""From the signal to the end of the process at the latest, without ceremony then."""

_SIGNALS = (signal.SIGINT, signal.SIGTERM)

_LEAVING = ServerError(
    ErrorCode.SHUTTING_DOWN,
    "The server is being ended.",
    "Jobs that it accepted are done when it is started again.",
)

HOPELESS = ServerError(
    ErrorCode.DEVICE_HUNG,
    "The device hangs again and again, so no job is begun any more.",
    "Restart the machine, or start the server on another device: `scumble serve --device cpu`. "
    "Jobs that wait are done then.",
)
"""After too many restarts."""

_log = logging.getLogger(__name__)


class Ending:
    """Waits for the end of a run, and knows why it came.

    Attributes:
        failure: What ended the run, if it was a failure.
        restart: What the next process is to know, if there shall be one.
        is_told: Whether a signal ended it.
    """

    def __init__(self) -> None:
        self.failure: ScumbleError | None = None
        self.restart: Restarts | None = None
        self.is_told = False
        self._loop = asyncio.get_running_loop()
        self._has_come = asyncio.Event()

    @property
    def why(self) -> ScumbleError | None:
        """What clients are told; None where they have merely to come again."""
        return None if self.restart is not None else self.failure or _LEAVING

    async def come(self) -> None:
        """Wait for it."""
        await self._has_come.wait()

    def fail(self, error: ScumbleError) -> None:
        """The server can't go on."""
        self.failure = error
        self._has_come.set()

    def begin_anew(self, restart: Restarts) -> None:
        """The process shall be replaced."""
        self.restart = restart
        self._has_come.set()
        self._in_time()

    @contextlib.contextmanager
    def on_signals(self) -> Iterator[None]:
        """SIGINT and SIGTERM end the run; elsewhere than on the main thread nothing does.

        A second one ends the process at once, as if it had never been asked about.
        """
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = [signal.signal(number, self._told) for number in _SIGNALS]
        try:
            yield
        finally:
            for number, handler in zip(_SIGNALS, before, strict=True):
                signal.signal(number, handler)

    def _told(self, _number: int, _frame: FrameType | None) -> None:
        for number in _SIGNALS:
            signal.signal(number, signal.SIG_DFL)
        self.restart = None
        self.is_told = True
        self._loop.call_soon_threadsafe(self._has_come.set)
        self._in_time()

    def _in_time(self) -> None:
        """From now on the time runs, whatever the main thread is stuck in."""
        timer = threading.Timer(_GONE_SECONDS, self._last_resort)
        timer.daemon = True
        timer.start()

    def _last_resort(self) -> None:
        _log.warning("The server did not end in time, so it was ended.")
        if self.restart is not None:
            become_anew(self.restart)
        leave(1 if self.failure else 0)


async def at_most(seconds: float, *work: Coroutine[Any, Any, object]) -> None:
    """Do these at once, but not longer than this; whatever becomes of them."""
    tasks = [asyncio.create_task(one) for one in work]
    if tasks:
        _, late = await asyncio.wait(tasks, timeout=seconds)
        for task in late:
            task.cancel()


def leave(code: int) -> NoReturn:
    """End the process now.

    Python's own end takes two seconds where torch is loaded, waits for threads, which may hang, and
    takes libraries down while a thread still uses them. Nothing is lost without it: a job is on
    disk before it is accepted, and its end before it is told.
    """
    _flush()
    os._exit(code)


def become_anew(restart: Restarts) -> NoReturn:
    """Replace the process by a new one of the same program with the same arguments."""
    os.environ.update(restart.environ())
    _flush()
    _keep_to_itself()
    try:
        # These are the words that this process was started with; nothing of it is a client's.
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606
    except OSError:
        _log.exception("The server could not begin anew.")
        leave(1)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        # A closed terminal, or a pipe that nobody reads from, keeps nobody here.
        with contextlib.suppress(OSError, ValueError, AttributeError):
            stream.flush()


def _keep_to_itself() -> None:
    """Let the next process inherit no file that a library opened: a driver's would keep memory."""
    with contextlib.suppress(OSError):  # where the system lists none, Python's own rule has to do
        for name in os.listdir("/dev/fd"):  # noqa: PTH208  (numbers, not files)
            if int(name) > 2:
                with contextlib.suppress(OSError):  # that of the listing itself is closed by now
                    os.set_inheritable(int(name), False)
