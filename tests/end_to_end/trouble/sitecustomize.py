"""Lets the worker of a server get into trouble; Python imports it before the program begins.

With this folder on PYTHONPATH every way to start the server comes by here, and again when the
server replaces itself. As a program of its own it is `python -m scumble_server`, for whoever strips
the environment. The environment's SCUMBLE_TROUBLE names a folder; a file in it is a trouble that
happens once, and its name says which.
"""

from __future__ import annotations

import functools
import os
import runpy
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

EVER = 1e6


def happens(folder: Path, trouble: str) -> bool:
    """Whether it happens now, for the first time."""
    if not (folder / trouble).exists():
        return False
    (folder / trouble).rename(folder / f"{trouble} happened")
    return True


def get_into(folder: Path) -> None:
    """Bring the troubles to where they happen."""
    from scumble_server.jobs.pulse import Pulse
    from scumble_server.jobs.watchdog import Watchdog

    def beat(pulse: Pulse, method: Callable[..., None], told: object) -> None:
        method(pulse, told)
        place = place_of(told)
        if place and happens(folder, place):
            time.sleep(EVER)

    def rest(pulse: Pulse, method: Callable[..., None]) -> None:
        if pulse.last.job and happens(folder, "end of the thread"):
            raise SystemExit
        method(pulse)

    def init(watchdog: Watchdog, method: Callable[..., None], hang: float, cancel: float) -> None:
        method(watchdog, hang, float(os.environ.get("SCUMBLE_TROUBLE_CANCEL", cancel)))

    wrap(Pulse, "beat", beat)
    wrap(Pulse, "rest", rest)
    wrap(Watchdog, "__init__", init)


def place_of(told: object) -> str:
    """Where a job is that tells this, if it is a place to hang at."""
    from scumble_protocol.messages import Phase
    from scumble_server.work.report import ProgressReport

    if not isinstance(told, ProgressReport):
        return ""
    places = {(Phase.SAMPLING, 2): "hang in a step", (Phase.LOADING, 0): "hang in loading"}
    return places.get((told.phase, told.step), "")


def wrap(kind: type, name: str, wrapper: Callable[..., Any]) -> None:
    """Let a method go through a function, which gets the method as well."""
    setattr(kind, name, functools.partialmethod(wrapper, getattr(kind, name)))


if "SCUMBLE_TROUBLE" in os.environ:
    get_into(Path(os.environ["SCUMBLE_TROUBLE"]))

if __name__ == "__main__":
    runpy.run_module("scumble_server", run_name="__main__", alter_sys=True)
