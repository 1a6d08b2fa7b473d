"""The jobs that a server keeps, as a command sees them: found by the beginning of an id, told."""

from __future__ import annotations

import itertools
from datetime import datetime
from typing import TYPE_CHECKING

from scumble_cli.words import how_much
from scumble_protocol.client import Result
from scumble_protocol.errors import ErrorCode, RequestError, error_of
from scumble_protocol.job_list import MOST_LISTED, AskJobs, Jobs, JobStage
from scumble_protocol.messages import Failed, Refused

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from scumble_cli.connection import Connection
    from scumble_cli.desk import Desk
    from scumble_protocol.job_list import JobSummary

SHORTEST = 8
"""Letters of an id that lists show at least."""

LIVE = frozenset({JobStage.WAITING, JobStage.RUNNING})


class KeptJobs:
    """What a server keeps for its user.

    Args:
        connection: The way to the server.
        desk: Where its answers are waited for.
    """

    def __init__(self, connection: Connection, desk: Desk) -> None:
        self._client = connection.client
        self._desk = desk

    def newest(self, most: int) -> Jobs:
        """The newest jobs, the newest first."""
        return self._desk.ask(AskJobs(0, most), Jobs)

    def all(self) -> tuple[JobSummary, ...]:
        """Every job, the newest first."""
        found: list[JobSummary] = []
        page = self.newest(MOST_LISTED)
        while page.jobs:
            found += page.jobs
            page = self._desk.ask(AskJobs(found[-1].place, MOST_LISTED), Jobs)
        return tuple(found)

    def find(self, names: Sequence[str]) -> tuple[JobSummary, ...]:
        """The jobs that are meant by their ids, or by as much of them as tells them apart.

        Raises:
            RequestError: There is none, or more than one.
        """
        everything = self.all()
        return tuple(dict.fromkeys(_meant(name, everything) for name in names))

    def result(self, job: str) -> Result:
        """All that a job made.

        Raises:
            ScumbleError: It failed, or its pictures are gone.
        """
        self._client.attach(job)
        for event in self._desk.events():
            if isinstance(event, Result) and event.job == job:
                return event
            if isinstance(event, (Failed, Refused)) and event.job in {job, ""}:
                raise error_of(event.code, event.message, event.hint)
        raise AssertionError

    def delete(self, jobs: Sequence[JobSummary]) -> tuple[JobSummary, ...]:
        """Delete jobs, and cancel those that are not over; those that are gone then."""
        for job in jobs:
            self._client.forget(job.job)
        left = {job.job for job in self.all() if job.stage not in LIVE}
        return tuple(job for job in jobs if job.job not in left)


def _meant(name: str, jobs: Sequence[JobSummary]) -> JobSummary:
    found = [job for job in jobs if job.job == name] or [
        job for job in jobs if job.job.startswith(name)
    ]
    if not found or not name:
        raise RequestError(
            ErrorCode.UNKNOWN_JOB,
            f"The server keeps no job {name!r}.",
            "`scumble jobs list --all` lists those that it keeps.",
        )
    if len(found) > 1:
        raise RequestError(
            ErrorCode.INVALID_VALUE,
            f"The IDs of {len(found)} jobs begin with {name!r}.",
            "Give more of the ID: " + ", ".join(short_ids(found)[:5]) + ".",
        )
    return found[0]


def short_ids(jobs: Sequence[JobSummary]) -> tuple[str, ...]:
    """The beginnings of their ids, as long as it takes to tell these jobs apart."""
    for length in itertools.count(SHORTEST):
        names = tuple(job.job[:length] for job in jobs)
        if len(set(names)) == len({job.job for job in jobs}):
            return names
    raise AssertionError


def table(jobs: Sequence[JobSummary], width: int) -> Iterator[str]:
    """The jobs as lines no wider than this, under a line that names the columns."""
    heads = ("ID", "state", "accepted", "by", "work", "layers", "size")
    rows = [
        (
            name,
            f"{job.stage.value}{'' if _is_seen(job) else ' *'}",
            moment(job.accepted),
            job.client,
            job.work.replace("_", " "),
            str(job.layers or ""),
            how_much(job.bytes) if job.bytes else "",
        )
        for name, job in zip(short_ids(jobs), jobs, strict=True)
    ]
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    last = [job.error or " ".join(job.prompt.split()) for job in jobs]
    for row, text in zip((heads, *rows), ("prompt", *last), strict=True):
        cells = (cell.ljust(wide) for cell, wide in zip(row, widths, strict=True))
        line = "  ".join([*cells, text]).rstrip()
        yield line if len(line) <= width else f"{line[: width - 1]}…"


def moment(seconds: float) -> str:
    """A point in time, given in seconds since 1970, by this machine's clock."""
    return f"{datetime.fromtimestamp(seconds).astimezone():%Y-%m-%d %H:%M}"


def _is_seen(job: JobSummary) -> bool:
    """Whether no editor has still to come for the result."""
    return job.is_acknowledged or job.stage is not JobStage.FINISHED
