"""Machine code for models: one process at a time makes it, and a folder keeps it.

torch's compiler holds Python for half a minute and changes torch itself while it traces. So it
works in a process of its own, at a low priority; nobody waits for it, and one that crashes
harms nobody.
"""

from __future__ import annotations

import importlib.util
import logging
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from scumble_server.compiling.order import Order

KEPT_BYTES = 4 * 2**30
"""Of machine code on disk, with the weights that are part of it."""

# torch warns of its own ways, which is nothing that anybody here could change.
PROGRAM = (sys.executable, "-W", "ignore", "-m", "scumble_server.compiling.program")

UNLIKE = 3
"""What the program ends with where one model can't be compiled, though others may be."""

REFUSED = ".refused"
"""The ending of the empty file that says so of an order, instead of the code."""

_log = logging.getLogger(__name__)


def why_not_on(device: str) -> str:
    """Why nothing can be compiled for a kind of device, as a sentence; empty if it can."""
    if device == "cpu":
        return ""
    if device != "cuda":
        return "that is done for CPUs and for GPUs of NVIDIA and AMD alone."
    if importlib.util.find_spec("triton") is None:
        return "the package triton is missing (`python -m pip install triton`)."
    return ""


class Compiler:
    """Has orders compiled, in the order in which they came.

    Nothing here waits: what is finished is found by the next `tend`.

    Args:
        folder: Where the code is kept; made if it is not there.
        program: Compiles what it reads from its input.
    """

    def __init__(self, folder: Path, program: tuple[str, ...] = PROGRAM) -> None:
        self._folder = folder
        self._program = program
        self._waiting: dict[Order, None] = {}
        self._process: subprocess.Popen[str] | None = None
        self._order: Order | None = None
        self._target = folder
        self._damaged: set[Order] = set()
        self._can_compile = True

    def find(self, order: Order) -> Path | None:
        """The file with the code for an order; None as long as there is none, and then it waits."""
        file = self._folder / order.name
        if file.exists():
            file.touch()  # what was used last goes last
            return file
        if self._can_compile and not file.with_suffix(REFUSED).exists():
            self._waiting[order] = None
        return None

    def discard(self, order: Order, why: str) -> None:
        """Delete code that can't be used; the first time it is compiled again."""
        if order in self._damaged:
            self.refuse(order, why)
            return
        self._damaged.add(order)
        _log.warning("%s can't be used and is compiled again: %s", order.name, why)
        (self._folder / order.name).unlink(missing_ok=True)

    def refuse(self, order: Order, why: str) -> None:
        """Have what was ordered never compiled again, and code that there is of it deleted."""
        file = self._folder / order.name
        try:
            file.with_suffix(REFUSED).touch()
            file.unlink(missing_ok=True)
        except OSError as error:
            self._give_up(str(error))
        else:
            _log.warning("A size is not compiled, and its jobs are done as ever: %s", why)

    def tend(self) -> None:
        """See whether the process has ended, and begin the next order."""
        if self._process is not None:
            if self._process.poll() is None:
                return
            self._end(self._process)
        while self._waiting and self._process is None:
            order = next(iter(self._waiting))
            del self._waiting[order]
            if not (self._folder / order.name).exists():
                self._begin(order)

    def wait(self) -> None:
        """Wait until all that was ordered is compiled, or can't be."""
        self.tend()
        while self._process is not None:
            self._process.wait()
            self.tend()

    @property
    def _workplace(self) -> Path:
        return self._folder / "unfinished"

    def _begin(self, order: Order) -> None:
        try:
            shutil.rmtree(self._workplace, ignore_errors=True)
            self._workplace.mkdir(parents=True)
            # It may be longer than a pipe holds before anybody reads it.
            written = self._workplace / "order.json"
            written.write_text(order.written(), "utf-8")
            self._order = order
            with (self._workplace / "said.txt").open("w") as said:
                process = subprocess.Popen(  # noqa: S603  (our own program)
                    self._program,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                    stderr=said,
                    text=True,
                    cwd=self._workplace,
                    env=os.environ | {"TORCHINDUCTOR_CACHE_DIR": str(self._workplace)},
                )
            self._process = process
            if process.stdin is not None:
                self._target = self._workplace / order.name
                process.stdin.write(f"{written}\n{self._target}\n")
                process.stdin.flush()
        except OSError as error:
            self._give_up(str(error))

    def _end(self, process: subprocess.Popen[str]) -> None:
        self._process = None
        self._close_input(process)
        try:
            if process.returncode == 0 and self._target.exists():
                self._target.replace(self._folder / self._target.name)
                self._trim()
                _log.info("A model was compiled for a size that jobs have.")
            else:
                lines = (self._workplace / "said.txt").read_text(errors="replace").splitlines()
                said = [line for line in lines if line.strip()]
                why = said[-1] if said else f"it ended with {process.returncode}"
                if process.returncode == UNLIKE and self._order is not None:
                    self.refuse(self._order, why)
                else:
                    self._give_up(why)
            shutil.rmtree(self._workplace, ignore_errors=True)
        except OSError as error:
            self._give_up(str(error))

    def _give_up(self, why: str) -> None:
        self._can_compile = False
        self._waiting.clear()
        _log.warning("Nothing more is compiled, jobs are done as without --compile: %s", why)

    def _trim(self) -> None:
        newest, *others = sorted(
            (*self._folder.glob("*.so"), *self._folder.glob("*.pt2")),
            key=lambda file: -file.stat().st_mtime,
        )
        left = KEPT_BYTES - newest.stat().st_size
        for file in others:
            left -= file.stat().st_size
            if left < 0:
                file.unlink()

    @staticmethod
    def _close_input(process: subprocess.Popen[str]) -> None:
        if process.stdin is not None:
            try:
                process.stdin.close()
            except BrokenPipeError:
                _log.debug("The compiling process ended before it had read its order.")
