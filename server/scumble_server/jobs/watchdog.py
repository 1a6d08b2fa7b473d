"""Decides whether a worker hangs, from what is seen of it time after time; has no thread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from scumble_protocol.errors import ErrorCode, ServerError
from scumble_server.jobs.pulse import Doing, Sign

if TYPE_CHECKING:
    from scumble_protocol.errors import ScumbleError

SLOWNESS = 10
"""How much longer than the slowest step so far a step may take, on a machine that is just slow."""
LOADING = 4
"""How much longer than a step the loading of a model may take, or setting up the device: a large
file from a slow disk gives no sign of life."""
GAP = 5.0
"""Seconds between two looks that count at most; in longer ones the machine slept, or the program
was halted, and the worker with it."""


@dataclass(frozen=True)
class Stuck:
    """A worker that will not go on by itself.

    Args:
        sign: The last that was seen of it.
        error: What its job, if it has one, fails with.
        is_jobs_fault: Whether the job fails; one that merely came at a bad moment is done again.
    """

    sign: Sign
    error: ScumbleError
    is_jobs_fault: bool


class Watchdog:
    """Looks at a worker from time to time.

    Args:
        hang_seconds: How long a step may take, at least; 0 for ever.
        cancel_seconds: How long obeying a cancel may take, unless a model is being loaded.
    """

    def __init__(self, hang_seconds: float, cancel_seconds: float) -> None:
        self._hang_seconds = hang_seconds
        self._cancel_seconds = cancel_seconds
        self._looked: float | None = None
        self._sign: Sign | None = None
        self._silent = 0.0
        self._deaf = 0.0

    def look(self, sign: Sign, now: float, *, is_alive: bool, is_cancelled: bool) -> Stuck | None:
        """Why the worker will not go on; None while there is hope, or where that was said.

        Args:
            sign: Its last sign of life.
            now: Seconds of a clock that never goes back.
            is_alive: Whether its thread runs.
            is_cancelled: Whether its job was told to stop.
        """
        passed = 0.0 if self._looked is None else min(now - self._looked, GAP)
        self._looked = now
        self._silent = self._silent + passed if sign is self._sign else 0.0
        is_deaf = is_cancelled and sign.doing is Doing.WORKING
        self._deaf = self._deaf + passed if is_deaf else 0.0
        self._sign = sign
        if not is_alive:
            return Stuck(sign, _died(), is_jobs_fault=bool(sign.job))
        if not self._hang_seconds or sign.doing is Doing.RESTING:
            return None
        if self._silent > self._patience(sign):
            is_jobs = sign.doing is not Doing.SETTING_UP
            return Stuck(sign, _hung(sign, self._silent), is_jobs_fault=is_jobs)
        if self._deaf > max(self._cancel_seconds, SLOWNESS * sign.slowest):
            return Stuck(sign, _not_obeyed(self._deaf), is_jobs_fault=True)
        return None

    def _patience(self, sign: Sign) -> float:
        if sign.doing is Doing.WORKING:
            return max(self._hang_seconds, SLOWNESS * sign.slowest)
        return self._hang_seconds * LOADING


def _died() -> ServerError:
    return ServerError(
        ErrorCode.INTERNAL,
        "The part of the server that does the jobs has ended.",
        "Try again; the server's log says more.",
    )


def _hung(sign: Sign, seconds: float) -> ServerError:
    return ServerError(
        ErrorCode.DEVICE_HUNG,
        f"The device gave no sign of life for {_said(seconds)} while {sign.doing.value}.",
        "Try again; if it happens again, select a smaller area or restart the machine.",
    )


def _not_obeyed(seconds: float) -> ServerError:
    return ServerError(
        ErrorCode.DEVICE_HUNG,
        f"The device did not stop within {_said(seconds)} after the job was cancelled.",
        "If it happens again, restart the machine.",
    )


def _said(seconds: float) -> str:
    return f"{seconds:.0f} seconds" if seconds < 120 else f"{seconds / 60:.0f} minutes"
