"""The lines of the server's log: read while the server writes and puts files aside, and shown."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

LOG_NAME = "server.log"

LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40, "critical": 50}
_FIRST_LINE = 4096
"""So many bytes of a file's first line tell it from others."""

_SHORT = {"critical": "error"}
_SHOWN = {"time", "level", "logger", "event", "job", "exception"}


@dataclass(frozen=True)
class LogLine:
    """A line of the log.

    Args:
        text: The line as it is in the file.
        values: What it says; empty for a line that is no JSON object, as older versions wrote.
    """

    text: str
    values: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, text: str) -> LogLine:
        """The line of this text, without its end."""
        try:
            values = json.loads(text)
        except (ValueError, RecursionError):
            values = None
        return cls(text, values if isinstance(values, dict) else {})

    @property
    def job(self) -> str:
        """The id of the job that it is about; empty if it is about none."""
        return str(self.values.get("job", ""))

    @property
    def level(self) -> int:
        """How grave it is, as in `logging`; what is not known is grave enough to be shown."""
        return LEVELS.get(str(self.values.get("level")), LEVELS["error"])

    @property
    def event(self) -> str:
        """What happened."""
        return str(self.values.get("event", ""))

    @property
    def time(self) -> datetime | None:
        """When; None if it does not say."""
        try:
            return datetime.fromisoformat(str(self.values.get("time")).replace("Z", "+00:00"))
        except ValueError:
            return None


class LogReader:
    """Gives the lines of the log, the oldest first, and then what is added to it.

    No file is kept open between two calls, since Windows would not let it be put aside.

    Args:
        state: The state folder.
    """

    def __init__(self, state: Path) -> None:
        self._state = state
        self._file: bytes | None = None
        self._place = 0
        self._rest = b""

    def lines(self) -> Iterator[LogLine]:
        """The whole lines that were added since the last call; never waits."""
        names = (f"{LOG_NAME}.2", f"{LOG_NAME}.1", LOG_NAME)
        there = [
            (path, file) for path in map(self._state.joinpath, names) if (file := _which(path))
        ]
        # A file that is gone was put aside too often; all that there is came after it.
        known = next((i for i, (_, file) in enumerate(there) if file == self._file), 0)
        for path, file in there[known:]:
            if file != self._file:
                self._file, self._place, self._rest = file, 0, b""
            data = self._read(path)
            if data is None:
                return
            *whole, self._rest = (self._rest + data).split(b"\n")
            yield from (LogLine.of(line.decode("utf-8", "replace")) for line in whole)

    def _read(self, path: Path) -> bytes | None:
        """What is new in the file; None if it was put aside just now, and has another name."""
        try:
            with path.open("rb") as file:
                if _beginning(file) != self._file:
                    return None
                file.seek(self._place)
                data = file.read()
        except OSError:
            return None
        self._place += len(data)
        return data


def shown(line: LogLine) -> str:
    """The line for people: local time, what happened, what it is about, and the traceback's end."""
    if not line.values:
        return _printable(line.text)
    when = line.time
    moment = f"{when.astimezone():%Y-%m-%d %H:%M:%S}" if when else "-"
    level = str(line.values.get("level", ""))
    about = f"  [{line.job[:8]}]" if line.job else ""
    more = "".join(f"  {name}={value}" for name, value in line.values.items() if name not in _SHOWN)
    first = f"{moment}  {_SHORT.get(level, level):7}  {line.event}{about}{more}"
    return "\n".join([_printable(first), *_traceback(line.values.get("exception"))])


def _traceback(errors: object) -> Iterator[str]:
    """The error and where it was raised, innermost place last, as Python shows it."""
    for error in errors if isinstance(errors, list) else ():
        if not isinstance(error, dict):
            continue
        for frame in error.get("frames") or ():
            place = f"{frame.get('filename')}:{frame.get('lineno')} in {frame.get('name')}"
            yield _printable(f"      {place}")
        yield _printable(f"      {error.get('exc_type')}: {error.get('exc_value')}")


def _printable(text: str) -> str:
    """Without what a terminal would obey; a client chooses its own name."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def _which(path: Path) -> bytes | None:
    """Which file has this name now: its first line, which has a time; None if there is none."""
    try:
        with path.open("rb") as file:
            return _beginning(file)
    except OSError:
        return None


def _beginning(file: IO[bytes]) -> bytes | None:
    # No inode: a new file may get that of one that was deleted.
    line = file.readline(_FIRST_LINE)
    return line if line.endswith(b"\n") or len(line) == _FIRST_LINE else None
