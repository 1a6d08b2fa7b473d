"""The jobs that a server keeps, as they are listed for their owner."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import ClassVar

from scumble_protocol.checks import check_finite, check_job_id, check_least

MOST_LISTED = 1000
"""Most jobs that one answer lists."""


class JobStage(str, enum.Enum):
    """Where a job that was accepted is in its life."""

    WAITING = "waiting"
    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class JobSummary:
    """A job in a list; `attach` tells everything of it.

    Args:
        job: The job's id.
        place: Its place in the order in which jobs were accepted, from 1.
        stage: Where it is in its life.
        client: The name of the program that sent it.
        work: The request's kind, for instance `regenerate`; empty if it can't be read.
        prompt: Its prompt; empty where it has none.
        accepted: When it was accepted, in seconds since 1970.
        ended: When it ended, in seconds since 1970; 0 if it has not.
        is_acknowledged: Whether a client said that it has the result.
        layers: The number of layers of its result.
        bytes: Bytes of its pictures on disk.
        starts: How many servers began to work on it.
        error: Why it failed, in a sentence; else empty.
    """

    job: str
    place: int
    stage: JobStage
    client: str
    work: str
    prompt: str
    accepted: float
    ended: float
    is_acknowledged: bool
    layers: int
    bytes: int
    starts: int
    error: str

    def __post_init__(self) -> None:
        check_job_id(self.job)
        check_finite("accepted", self.accepted)
        check_finite("ended", self.ended)
        check_least(0, place=self.place, layers=self.layers, bytes=self.bytes, starts=self.starts)


@dataclass(frozen=True)
class AskJobs:
    """Which jobs do you keep for me?

    Args:
        before: List only those with smaller places; 0 begins with the newest.
        most: The length of the list at most, 1 to 1000.
    """

    type: ClassVar[str] = "ask_jobs"

    before: int = 0
    most: int = 100

    def __post_init__(self) -> None:
        check_least(0, before=self.before)
        check_least(1, most=self.most)


@dataclass(frozen=True)
class Jobs:
    """The jobs, the newest first.

    Args:
        jobs: Those that were asked for, at most 1000.
        total: How many there are of this client's in all.
    """

    type: ClassVar[str] = "jobs"

    jobs: tuple[JobSummary, ...]
    total: int

    def __post_init__(self) -> None:
        check_least(0, total=self.total)
