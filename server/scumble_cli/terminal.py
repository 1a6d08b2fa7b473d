"""What a person sees while a command runs: bars on a terminal, plain lines anywhere else."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.progress import Progress, TaskID

PLAIN_STEPS = 4
"""A log gets this many lines per phase at most, however many steps the phase has."""


def say(text: str) -> None:
    """Print a line of the command's result."""
    # Unlike `write`, it does nothing where there is no stdout: a service of Windows.
    print(text, flush=True)  # noqa: T201


class Reporter(Protocol):
    """Shows how far a command is; everything goes to stderr, so that results can be piped."""

    def note(self, text: str) -> None:
        """Say something that stays on the screen."""
        ...

    def show(self, label: str, step: int, of: int, seconds_left: float) -> None:
        """Show `step` of `of` in the phase named `label`; `of` 0 and negative seconds: unknown."""
        ...


@contextmanager
def reporter() -> Iterator[Reporter]:
    """Bars where stderr is a terminal, else plain lines."""
    if not sys.stderr.isatty():
        yield PlainReporter()
        return
    # rich takes 50 ms to import, which a pipe need not pay for.
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(bar_width=32))
    counts = TextColumn("{task.fields[counts]}")
    with Progress(*columns, counts, console=Console(stderr=True), transient=True) as progress:
        yield BarReporter(progress)


class BarReporter:
    """One bar, a new one for each phase."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task: TaskID | None = None
        self._phase = ("", 0)

    def note(self, text: str) -> None:
        """Print above the bar."""
        self._progress.console.print(text, markup=False, highlight=False)

    def show(self, label: str, step: int, of: int, seconds_left: float) -> None:
        """Move the bar; it pulses while `of` is unknown."""
        counts = _counts(step, of, seconds_left)
        if (label, of) == self._phase and self._task is not None:
            self._progress.update(self._task, completed=step, counts=counts)
            return
        if self._task is not None:
            self._progress.remove_task(self._task)
        # A new task, since rich can't make a known total unknown again.
        self._task = self._progress.add_task(label, total=of or None, completed=step, counts=counts)
        self._phase = (label, of)


class PlainReporter:
    """A line when a phase begins, and a few on the way."""

    def __init__(self) -> None:
        self._last: tuple[str, int] | None = None

    def note(self, text: str) -> None:
        """Print a line."""
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()

    def show(self, label: str, step: int, of: int, seconds_left: float) -> None:
        """Print a line if the phase is new or another quarter of it is done."""
        here = (label, step * PLAIN_STEPS // of if of > 1 else 0)
        if here != self._last:
            self._last = here
            self.note(f"{label} {_counts(step, of, seconds_left)}".rstrip())


def _counts(step: int, of: int, seconds_left: float) -> str:
    count = f"{step}/{of}" if of > 1 else ""
    left = f", {seconds_left:.0f} s left" if seconds_left >= 0 and count else ""
    return count + left
