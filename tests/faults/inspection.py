"""What must hold of a state folder between two servers, whatever happened to the first."""

from __future__ import annotations

import contextlib
import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scumble_protocol import codec
from scumble_protocol.blobs import blob_id
from scumble_protocol.job_list import JobStage
from scumble_protocol.lifecycle import FINAL_EVENTS
from scumble_protocol.messages import JOB_EVENTS, Finished

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from scumble_protocol.messages import JobEvent, ResultLayer


LIVE = {JobStage.WAITING.value, JobStage.RUNNING.value}


@dataclass(frozen=True)
class Ends:
    """How the jobs of a journal ended.

    Args:
        ends: By job, its final event; None of one that has not ended.
        attempts: By job, how many servers began to work on it.
    """

    ends: dict[str, JobEvent | None]
    attempts: dict[str, int]

    def layers(self, job: str) -> tuple[ResultLayer, ...]:
        """The layers of a job that is finished."""
        end = self.ends[job]
        assert isinstance(end, Finished), end
        return end.layers


def inspect(state: Path, *, sent: Iterable[str] = ()) -> Ends:
    """Check the folder of a server that has ended; how the jobs ended.

    Args:
        state: The state folder.
        sent: The blobs that clients sent, which a server may keep beyond their jobs.
    """
    with contextlib.closing(sqlite3.connect(state / "journal.sqlite")) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []
        stages = dict(database.execute("SELECT job, stage FROM jobs"))
        attempts = dict(database.execute("SELECT job, attempts FROM jobs"))
        rows = database.execute("SELECT job, frame FROM events ORDER BY job, number").fetchall()
        needed = {blob for (blob,) in database.execute("SELECT blob FROM pictures")}
    ends: dict[str, JobEvent | None] = dict.fromkeys(stages)
    for job, frame in rows:
        event = codec.decode(frame, JOB_EVENTS)
        assert ends[job] is None, f"{event} comes after {ends[job]}"
        if isinstance(event, FINAL_EVENTS):
            ends[job] = event
    for job, end in ends.items():
        assert stages[job] in ({end.type} if end else LIVE), (stages[job], end)
    _inspect_blobs(state, needed, set(sent))
    return Ends(ends, attempts)


def _inspect_blobs(state: Path, needed: set[str], sent: set[str]) -> None:
    there = {path.name: path for path in (state / "blobs").iterdir()}
    assert needed <= there.keys(), "a picture that a job needs is gone"
    assert there.keys() <= needed | sent, "nobody needs these"
    damaged = [name for name, path in there.items() if blob_id(path.read_bytes()) != name]
    assert not damaged
