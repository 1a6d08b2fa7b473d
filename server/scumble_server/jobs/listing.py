"""The list of a user's jobs, as the journal has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scumble_protocol.errors import ProtocolError
from scumble_protocol.job_list import MOST_LISTED, Jobs, JobStage, JobSummary

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_NEWEST = """
SELECT job, position, stage, client, work, prompt, accepted, ended, is_acknowledged, layers, bytes,
    attempts, error
FROM jobs WHERE user = ? AND position < ? ORDER BY position DESC LIMIT ?
"""
_NO_END = 2**62


def summaries(ask: Callable[..., list[Any]], user: str, before: int, most: int) -> Jobs:
    """The newest jobs of a user.

    Args:
        ask: Gives the rows that answer a question with these values.
        user: Whose jobs.
        before: Only those with smaller places; 0 begins with the newest.
        most: So many at most, and never more than `MOST_LISTED`.
    """
    rows = ask(_NEWEST, user, before or _NO_END, min(most, MOST_LISTED))
    found = tuple(summary for row in rows if (summary := _summary(row)) is not None)
    ((total,),) = ask("SELECT count(*) FROM jobs WHERE user = ?", user)
    return Jobs(found, total)


def _summary(row: Any) -> JobSummary | None:
    """The row as it goes over the wire; None if it was damaged on disk so that it can't."""
    job, place, stage, client, work, prompt, accepted, ended, is_acknowledged, *made = row
    layers, size, starts, error = made
    try:
        return JobSummary(
            job,
            place,
            JobStage(stage),
            client,
            work,
            prompt,
            accepted,
            ended,
            is_acknowledged=bool(is_acknowledged),
            layers=layers,
            bytes=size,
            starts=starts,
            error=error,
        )
    except (ProtocolError, ValueError):
        return None
