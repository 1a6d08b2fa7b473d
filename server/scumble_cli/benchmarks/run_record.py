"""A run as a JSON document: written, read, and compared with a later one."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scumble_cli.benchmarks.figure import Figure, Finding, Job, Point, Series, Unmeasured
from scumble_protocol.errors import ErrorCode, RequestError

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA = 1
"""The version of the document; raised whenever a field changes its meaning or goes."""


@dataclass(frozen=True)
class Run:
    """All that one run of `scumble bench` found.

    Args:
        taken: When it began, ISO 8601 in UTC.
        rounds: How many rounds of each measurement there were.
        machine: What it ran on, see `machine`; `load after` is the load at its end.
        findings: In the order in which they were measured.
    """

    taken: str
    rounds: int
    machine: dict[str, str]
    findings: tuple[Finding, ...]

    @property
    def figures(self) -> list[Figure]:
        """The figures, ratios first: they hold on other machines too."""
        found = [it for it in self.findings if isinstance(it, Figure)]
        return sorted(found, key=lambda figure: figure.unit != "x")

    @property
    def unmeasured(self) -> list[Unmeasured]:
        """What could not be measured."""
        return [it for it in self.findings if isinstance(it, Unmeasured)]

    @property
    def jobs(self) -> list[Job]:
        """Where time went."""
        return [it for it in self.findings if isinstance(it, Job)]

    @property
    def series(self) -> list[Series]:
        """What grew."""
        return [it for it in self.findings if isinstance(it, Series)]


def now() -> str:
    """This second in UTC, ISO 8601."""
    return dt.datetime.now(dt.timezone.utc).isoformat(timespec="seconds")


def to_json(run: Run) -> str:
    """The document."""
    fields: dict[str, Any] = {
        "schema": SCHEMA,
        "taken": run.taken,
        "rounds": run.rounds,
        "machine": run.machine,
        "figures": [{**dataclasses.asdict(it), "met": it.is_met} for it in run.figures],
        "unmeasured": [dataclasses.asdict(it) for it in run.unmeasured],
        "jobs": [dataclasses.asdict(it) for it in run.jobs],
        "series": [dataclasses.asdict(it) for it in run.series],
    }
    return json.dumps(fields, indent=1)


def read(path: Path) -> Run:
    """A run that was written.

    Raises:
        RequestError: It can't be read, or is another kind of file.
    """
    try:
        fields = json.loads(path.read_text("utf-8"))
        if fields["schema"] != SCHEMA:
            raise RequestError(
                ErrorCode.INVALID_VALUE,
                f"{path} has schema {fields['schema']!r}, and this Scumble reads {SCHEMA}.",
                "Measure again with the Scumble that wrote it, or with this one.",
            )
        return _run(fields)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RequestError(
            ErrorCode.INVALID_VALUE,
            f"{path} is no file of `scumble bench --out`.",
            "Name one that it wrote, for instance from docs/bench.",
        ) from error


def write(run: Run, path: Path) -> Path:
    """Write it; into a folder under the time that it was taken at. Gives the file.

    Raises:
        RequestError: It can't be written.
    """
    if path.is_dir():
        path /= f"{run.taken[:16].replace(':', '')}.json"
    try:
        path.write_text(to_json(run) + "\n", "utf-8")
    except OSError as error:
        raise RequestError(
            ErrorCode.INVALID_VALUE,
            f"{path} can't be written: {error.strerror}.",
            "Choose another file with --out.",
        ) from error
    return path


def _run(fields: dict[str, Any]) -> Run:
    figures = [
        Figure(**{name: value for name, value in it.items() if name != "met"})
        for it in fields["figures"]
    ]
    series = [
        Series(**{**it, "points": tuple(Point(**point) for point in it["points"])})
        for it in fields["series"]
    ]
    unmeasured = [Unmeasured(**it) for it in fields["unmeasured"]]
    jobs = [Job(**it) for it in fields["jobs"]]
    findings: tuple[Finding, ...] = (*figures, *unmeasured, *jobs, *series)
    return Run(fields["taken"], fields["rounds"], dict(fields["machine"]), findings)
