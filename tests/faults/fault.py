"""What happens at a named point: `ACTION@POINT`, or `ACTION@POINT#3` at the third time there."""

from __future__ import annotations

import errno
import io
import os
import resource
import signal
import threading
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.faults.clock import CLOCK, YEARS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

FILLER = "filler"
"""The file beside the state folder that takes all room of a disk."""


@dataclass(frozen=True)
class Fault:
    """Something that happens to a program.

    Args:
        action: A name of `ACTIONS`.
        point: Where.
        turn: The how manieth time that the point is reached, from 1 on.
    """

    action: str
    point: str
    turn: int = 1

    @classmethod
    def parse(cls, text: str) -> Fault:
        """Read `ACTION@POINT` or `ACTION@POINT#TURN`."""
        action, _, place = text.partition("@")
        point, _, turn = place.partition("#")
        if action not in ACTIONS or not point:
            raise ValueError(text)
        return cls(action, point, int(turn or 1))


class Fate:
    """Counts how often each point is reached, and lets happen what is due.

    Args:
        faults: What is to happen.
        state: The state folder.
    """

    def __init__(self, faults: Iterable[Fault], state: Path) -> None:
        self._faults = tuple(faults)
        self._state = state
        self._reached: Counter[str] = Counter()
        self._lock = threading.Lock()

    def reached(self, point: str) -> None:
        """A point is reached."""
        with self._lock:
            self._reached[point] += 1
            turn = self._reached[point]
        for fault in self._faults:
            if (fault.point, fault.turn) == (point, turn):
                ACTIONS[fault.action](self._state)


def die(_state: Path) -> None:
    """End as the kernel ends a program: nothing more is run, nothing is flushed."""
    os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(60)  # a signal to oneself may take a moment; nothing must go on meanwhile


def fill_disk(state: Path) -> None:
    """Take all room there is: on a disk of its own by a file, else by a limit to this process."""
    if not state.parent.is_mount():
        _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, most))
        return
    with (state.parent / FILLER).open("ab", buffering=0) as filler:
        for portion in (2**16, 1):
            while _fits(filler, portion):
                pass


def _fits(filler: io.FileIO, portion: int) -> bool:
    try:
        return filler.write(bytes(portion)) == portion
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        return False


def stall(_state: Path) -> None:
    """Stop for good, as a driver does that never comes back."""
    time.sleep(10 * YEARS)


def jump_ahead(_state: Path) -> None:
    """The clock is set ten years ahead."""
    CLOCK.wrong += 10 * YEARS


def jump_back(_state: Path) -> None:
    """The clock is set ten years back."""
    CLOCK.wrong -= 10 * YEARS


ACTIONS: Mapping[str, Callable[[Path], None]] = {
    "kill": die,
    "full": fill_disk,
    "stall": stall,
    "ahead": jump_ahead,
    "back": jump_back,
}
