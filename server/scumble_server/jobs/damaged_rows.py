"""The rows of a damaged journal that SQLite can still read, around what it can't."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from scumble_protocol.checks import check_job_id
from scumble_protocol.errors import ScumbleError
from scumble_protocol.messages import Finished
from scumble_server.jobs.schema import COLUMNS, UNREADABLE, event_of, readable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from scumble_protocol.messages import JobEvent
    from scumble_server.jobs.raw_pages import RawPages, Value

_MOST_JOBS = 2**40
"""Beyond the place of any job; each halving costs one question."""

_COLUMNS_1 = ("position", "job", "owner", "submit", "is_final", "touched")

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

    def add_pages(self, pages: RawPages) -> None:
        """Add what SQLite finds no way to any more, and is on pages that are whole."""
        known = {row["job"] for row in self.rows}
        found: dict[str, Mapping[str, object]] = {}
        for place, values in pages.records():
            row = _row(place, values)
            if row is not None and row["job"] not in known:
                found[str(row["job"])] = row
            elif len(values) == 3 and (event := _event(values[2])) is not None:
                self._add_event(event)
        self.rows = sorted([*self.rows, *found.values()], key=_place)

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

    def _add_event(self, event: JobEvent) -> None:
        events = self.events.setdefault(event.job, [])
        if event.number not in {known.number for known in events}:
            events.append(event)
            events.sort(key=lambda known: known.number)

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
        except UNREADABLE:
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
        except UNREADABLE:  # not even where the table is can be read
            self.found.has_gaps = True
        else:
            yield from self._between(0, self._last())

    def _last(self) -> int:
        """The place of the last job, if SQLite can tell: that saves thousands of questions."""
        question = "SELECT seq FROM sqlite_sequence WHERE name = 'jobs'"
        try:
            rows = self.database.execute(question).fetchall()
        except UNREADABLE:
            return _MOST_JOBS
        is_told = len(rows) == 1 and isinstance(rows[0][0], int) and rows[0][0] > 0
        return rows[0][0] if is_told else _MOST_JOBS

    def _between(self, low: int, high: int) -> Iterator[Mapping[str, object]]:
        question = "SELECT * FROM jobs NOT INDEXED WHERE position BETWEEN ? AND ? ORDER BY position"
        try:
            cursor = self.database.execute(question, (low, high))
            names = [column[0] for column in cursor.description]
            rows = [dict(zip(names, row, strict=True)) for row in cursor]
        except UNREADABLE:
            self.failures += 1
            self.found.has_gaps = True
            if low < high and self.failures < _PATIENCE:
                middle = (low + high) // 2
                yield from self._between(low, middle)
                yield from self._between(middle + 1, high)
        else:
            yield from rows


def _row(place: int, values: tuple[Value, ...]) -> Mapping[str, object] | None:
    """What a record says of a job, in this schema or the first; None if it is of something else."""
    for names in (("position", *COLUMNS), _COLUMNS_1):
        row = dict(zip(names, values, strict=False))
        if len(values) == len(names) and isinstance(row["submit"], bytes):
            job = row["job"]
            is_one = isinstance(job, str) and _is_job(job)
            return {**row, "position": place} if is_one else None
    return None


def _place(row: Mapping[str, object]) -> int:
    place = row.get("position")
    return place if isinstance(place, int) else 0


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
