"""Pictures of a run: the time of jobs by phase, and how things grow."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from scumble_protocol.errors import ErrorCode, RequestError

if TYPE_CHECKING:
    from pathlib import Path

    from scumble_cli.benchmarks.figure import Job, Series
    from scumble_cli.benchmarks.run_record import Run

PHASES = (
    "loading", "preparing", "encoding", "sampling", "decoding", "composing", "transfer",
)  # fmt: skip
"""In the order in which they are drawn; others come after them."""

COLUMNS = 3


def plot(run: Run, path: Path) -> None:
    """Draw what there is of jobs and series into one picture file.

    Raises:
        RequestError: matplotlib is missing, the run has nothing to draw, or the file can't be
            written.
    """
    figure_class = _figure_class()
    if not (run.jobs or run.series):
        raise RequestError(
            ErrorCode.INVALID_VALUE,
            "Nothing that was measured has phases or grows, so that there is nothing to draw.",
            "Leave --plot out, or measure --suite growth or --only phases.",
        )
    has_jobs = bool(run.jobs)
    rows = has_jobs + math.ceil(len(run.series) / COLUMNS)
    picture = figure_class(figsize=(15, 4.2 * rows), layout="constrained")
    grid = picture.add_gridspec(rows, COLUMNS)
    if has_jobs:
        _draw_jobs(picture.add_subplot(grid[0, :]), run.jobs)
    for number, series in enumerate(run.series):
        row, column = divmod(number, COLUMNS)
        _draw_series(picture.add_subplot(grid[row + has_jobs, column]), series)
    machine = run.machine
    picture.suptitle(f"{machine['processor']}, {machine['device']}, {run.taken[:10]}")
    try:
        picture.savefig(path, dpi=100)
    except (OSError, ValueError) as error:  # matplotlib says ValueError of endings that it can't
        raise RequestError(
            ErrorCode.INVALID_VALUE,
            f"{path} can't be written: {error}.",
            "Choose another file, with the ending .png or .svg.",
        ) from error


def _figure_class() -> Any:
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise RequestError(
            ErrorCode.INVALID_VALUE,
            "Drawing needs matplotlib, which is not installed.",
            "Install it with `pip install 'scumble[plots]'`, or leave --plot out.",
        ) from error
    return Figure


def _draw_jobs(axes: Any, jobs: list[Job]) -> None:
    """One bar for each job, made of its phases."""
    named = [name for name in PHASES if any(name in job.phases for job in jobs)]
    others = {name for job in jobs for name in job.phases} - set(named)
    begun = [0.0] * len(jobs)
    rows = range(len(jobs))
    for phase in (*named, *sorted(others)):
        spent = [1000 * job.phases.get(phase, 0.0) for job in jobs]
        axes.barh(rows, spent, left=begun, label=phase)
        begun = [before + now for before, now in zip(begun, spent, strict=True)]
    axes.set_yticks(rows, [job.name for job in jobs])
    axes.invert_yaxis()
    axes.set_xlabel("ms")
    axes.set_title("The time of a job, by phase (medians)")
    axes.legend(ncols=len(named) + len(others), fontsize="small")


def _draw_series(axes: Any, series: Series) -> None:
    """Both axes grow by factors, so that what is proportional is a straight line of slope one."""
    x = [point.x for point in series.points]
    axes.plot(x, [point.value for point in series.points], "o-", label="least")
    axes.plot(x, [point.median for point in series.points], "--", label="median")
    if min(x) > 0:
        axes.set_xscale("log", base=2)
        axes.set_xticks(x, [f"{value:g}" for value in x], fontsize="small")
        axes.minorticks_off()
        axes.set_yscale("log")
    axes.set_ylim(bottom=None if min(x) > 0 else 0)
    axes.set_title(series.name, fontsize="medium")
    axes.set_xlabel(series.along)
    axes.set_ylabel(series.unit)
    axes.grid(alpha=0.3)
    axes.legend(fontsize="small")
