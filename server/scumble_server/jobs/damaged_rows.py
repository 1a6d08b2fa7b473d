"""The rows of a damaged journal that SQLite can still read, around what it can't."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from scumble_protocol.checks import check_job_id
from scumble_protocol.errors import ScumbleError
from scumble_protocol.messages import Finished
from scumble_server.jobs.schema import event_of, readable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from scumble_protocol.messages import JobEvent

_MOST_JOBS = 2**40
"""Beyond the place of any job; each halving costs one question."""

_PATIENCE = 20_000
"""Questions that may fail: some hundreds of damaged pages."""


@dataclass
class DamagedJournal:
    """What could be read.

    Args:
        rows: Rows of the table `jobs` by the names of their columns, in their order.
        events: Events by job, in their order.
        has_gaps: Whether something could not be read.
    """

    rows: list[Mapping[str, object]] = field(default_factory=list)
    events: dict[str, list[JobEvent]] = field(default_factory=dict)
    has_gaps: bool = False

    @classmethod
    def read(cls, database: sqlite3.Connection) -> DamagedJournal:
        """Everything that can be read; raises nothing, however damaged the database is."""
        database.text_factory = readable
        found = cls()
        for row in _Reader(database, found).rows():
            job = row.get("job")
            if isinstance(job, str) and _is_job(job):
                found.rows.append(row)
            else:
                found.has_gaps = True
        found.add_events(database)
        return found

    @property
    def is_whole(self) -> bool:
        """Whether everything that is there could be read."""
        return bool(self.rows) and not self.has_gaps

    def is_better(self, other: DamagedJournal) -> bool:
        """Whether more could be read than by another attempt."""
        return (len(self.rows), len(self.events)) > (len(other.rows), len(other.events))

    def lost(self) -> list[Finished]:
        """The results of jobs whose rows are gone."""
        known = {row["job"] for row in self.rows}
        return [
            event
            for job, events in self.events.items()
            if job not in known
            for event in events
            if isinstance(event, Finished)
        ]

    def add_events(self, database: sqlite3.Connection) -> None:
        """Read the events: of the jobs that are known, and what else there is from either end."""
        by_place: dict[tuple[str, int], JobEvent] = {}
        questions: list[tuple[str, tuple[object, ...]]] = [
            ("SELECT job, number, frame FROM events WHERE job = ?", (row["job"],))
            for row in self.rows
        ]
        questions += [("SELECT job, number, frame FROM events", ())]
        questions += [("SELECT job, number, frame FROM events ORDER BY job DESC, number DESC", ())]
        for question, values in questions:
            for event in self._events(database, question, values):
                by_place[event.job, event.number] = event
        for place in sorted(by_place):
            self.events.setdefault(place[0], []).append(by_place[place])

    def _events(
        self, database: sqlite3.Connection, question: str, values: tuple[object, ...]
    ) -> Iterator[JobEvent]:
        try:
            for job, number, frame in database.execute(question, values):
                event = _event(frame)
                if event is not None and (event.job, event.number) == (job, number):
                    yield event
                else:
                    self.has_gaps = True
        except sqlite3.DatabaseError:
            self.has_gaps = True


@dataclass
class _Reader:
    """Reads the table `jobs` by ranges of places; a range that can't be read is halved."""

    database: sqlite3.Connection
    found: DamagedJournal
    failures: int = 0

    def rows(self) -> Iterator[Mapping[str, object]]:
        """The rows that can be read."""
        try:
            self.database.execute("SELECT 1 FROM jobs LIMIT 0")
        except sqlite3.DatabaseError:  # not even where the table is can be read
            self.found.has_gaps = True
        else:
            yield from self._between(0, _MOST_JOBS)

    def _between(self, low: int, high: int) -> Iterator[Mapping[str, object]]:
        question = "SELECT * FROM jobs NOT INDEXED WHERE position BETWEEN ? AND ? ORDER BY position"
        try:
            cursor = self.database.execute(question, (low, high))
            names = [column[0] for column in cursor.description]
            rows = [dict(zip(names, row, strict=True)) for row in cursor]
        except sqlite3.DatabaseError:
            self.failures += 1
            self.found.has_gaps = True
            if low < high and self.failures < _PATIENCE:
                middle = (low + high) // 2
                yield from self._between(low, middle)
                yield from self._between(middle + 1, high)
        else:
            yield from rows


def _is_job(job: str) -> bool:
    try:
        check_job_id(job)
    except ScumbleError:
        return False
    return True


def _event(frame: object) -> JobEvent | None:
    try:
        return event_of(frame) if isinstance(frame, bytes) else None
    except ScumbleError:
        return None
