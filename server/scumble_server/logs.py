"""The server's log: a file with one JSON object a line, which `scumble logs` prints for people.

Every line has `time` (UTC, ISO 8601), `level`, `logger` and `event`; what it is about comes with it
as `job`, `client`, `user`, `address`, and a traceback as `exception`. Code logs with `logging` as
everywhere; what all lines of a block are about is bound around the block by `about` and
`about_job`.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from dataclasses import fields, is_dataclass
from logging.handlers import RotatingFileHandler
from typing import IO, TYPE_CHECKING, cast

from scumble_server.imports import without

# Colours for terminals, which take a sixth of the time until the server listens.
with without("rich", "colorama", "better_exceptions"):
    from structlog.contextvars import bound_contextvars, merge_contextvars
    from structlog.processors import ExceptionRenderer, JSONRenderer, TimeStamper
    from structlog.stdlib import ExtraAdder, ProcessorFormatter, add_log_level, add_logger_name
    from structlog.tracebacks import ExceptionDictTransformer

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from structlog.typing import EventDict, WrappedLogger

LOG_BYTES = 4 * 2**20
"""Above this a new file is begun."""

OLD_FILES = 2
"""How many files are kept besides the newest: `server.log.1` is younger than `server.log.2`."""

STARTS = "The server starts."
"""The first line of every run, by which runs can be told apart."""

ENDS = "The server ends."
"""The last line of a run that was ended as it should be."""

FAILS = "The server failed: %s"
"""The last line of a run that could not begin or go on."""

HIDDEN = "[hidden]"
"""Stands for what must not be in a log."""

_OURS = "scumble_server"
_WEBSOCKET = "scumble_server.websocket"
_LONG_LINE = 2**16
"""Bytes that hardly any line has; nearer to the end of a file, its length counts."""

_FIRST = ("time", "level", "logger", "event")
_PRIVATE = "_private"
_EXTRAS = ("version", "pid", "host", "port", "seconds", "code")
"""What `extra` may add to a line."""


@contextlib.contextmanager
def keep_log(path: Path, level: str, *, secrets: Collection[str] = ()) -> Iterator[None]:
    """Let all that is logged go to a file that only its owner can read.

    Args:
        path: The file; made if it is not there.
        level: `debug`, `info`, `warning` or `error`; of other libraries, warnings at least.
        secrets: Words that no line may have, at any level: tokens.
    """
    handler = _PrivateFile(path)
    handler.setFormatter(_formatter(secrets, with_prompts=level == "debug"))
    chosen: int = getattr(logging, level.upper())
    # At the level of debug websockets logs what is sent: tokens and pixels.
    levels = {_OURS: chosen, _WEBSOCKET: max(chosen, logging.INFO), "websockets": logging.INFO}
    before = {name: logging.getLogger(name).level for name in levels}
    logging.getLogger().addHandler(handler)
    for name, its_level in levels.items():
        logging.getLogger(name).setLevel(its_level)
    try:
        yield
    finally:
        for name, its_level in before.items():
            logging.getLogger(name).setLevel(its_level)
        logging.getLogger().removeHandler(handler)
        handler.close()


def about(**facts: str) -> AbstractContextManager[None]:
    """What the lines are about that are logged in this block, by this thread or task.

    Args:
        facts: For instance `client="krita"`; empty ones are left out.
    """
    return bound_contextvars(**{name: fact for name, fact in facts.items() if fact})


def about_job(job: str, request: object = None) -> AbstractContextManager[None]:
    """The lines in this block are about a job; the prompts of its request are not in them.

    Args:
        job: The job's id.
        request: What it asks for.
    """
    return bound_contextvars(job=job, **{_PRIVATE: tuple(prompts_of(request))})


def prompts_of(request: object) -> Iterator[str]:
    """Every prompt in a request, of its regions and refinements too."""
    if isinstance(request, tuple):
        for part in request:
            yield from prompts_of(part)
    elif is_dataclass(request):
        for field in fields(request):
            value = getattr(request, field.name)
            if field.name in {"prompt", "negative"} and isinstance(value, str):
                yield value
            else:
                yield from prompts_of(value)


class _PrivateFile(RotatingFileHandler):
    """A file for its owner's eyes only, of which a few older ones are kept."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            path, maxBytes=LOG_BYTES, backupCount=OLD_FILES, encoding="utf-8", delay=True
        )
        self._has_complained = False
        with contextlib.suppress(OSError):  # there is none yet, or it is another user's
            path.chmod(0o600)  # an older version made it readable by others

    def _open(self) -> IO[str]:  # type: ignore[override]  # what the class itself gives is one
        def privately(name: str, flags: int) -> int:
            return os.open(name, flags, 0o600)

        # Closed by the class, which takes it as its stream.
        return open(self.baseFilename, self.mode, encoding=self.encoding, opener=privately)

    def shouldRollover(self, record: logging.LogRecord) -> bool:  # noqa: N802
        """Whether the file has no room for this line."""
        # The class makes the whole line to see how long it is, and once more to write it.
        if self.stream and self.stream.seek(0, os.SEEK_END) < self.maxBytes - _LONG_LINE:
            return False
        return bool(super().shouldRollover(record))

    def doRollover(self) -> None:  # noqa: N802 (the class's name)
        """Begin a new file."""
        # Windows lets nobody rename a file that another program reads just then. The next line is
        # written to the same file, and the one after it tries again.
        with contextlib.suppress(OSError):
            super().doRollover()

    def handleError(self, _record: logging.LogRecord) -> None:  # noqa: N802
        """A line could not be written; said once, without the line, which may be private."""
        if not self._has_complained:
            self._has_complained = True
            sys.stderr.write(f"The log can't be written: {sys.exc_info()[1]}\n")


def _formatter(secrets: Collection[str], *, with_prompts: bool) -> logging.Formatter:
    # No local variables: they hold pixels and prompts.
    traceback = ExceptionRenderer(ExceptionDictTransformer(show_locals=False))
    return ProcessorFormatter(
        foreign_pre_chain=[
            merge_contextvars,
            add_log_level,
            add_logger_name,
            ExtraAdder(_EXTRAS),
            TimeStamper(fmt="iso", utc=True, key="time"),
        ],
        processors=[
            ProcessorFormatter.remove_processors_meta,
            traceback,
            _Hider(secrets, with_prompts=with_prompts),
            _in_order,
            JSONRenderer(),
        ],
    )


class _Hider:
    """Takes tokens out of what is logged and, if it shall, the prompts of the job at hand."""

    def __init__(self, secrets: Collection[str], *, with_prompts: bool) -> None:
        self._secrets = tuple(filter(None, secrets))
        self._with_prompts = with_prompts

    def __call__(self, _logger: WrappedLogger, _name: str, line: EventDict) -> EventDict:
        prompts = cast("tuple[str, ...]", line.pop(_PRIVATE, ()))
        # A single letter is in every word.
        hidden = () if self._with_prompts else tuple(text for text in prompts if len(text) > 1)
        private = (*self._secrets, *sorted(hidden, key=len, reverse=True))
        # In a traceback a text may be as `repr` writes it.
        forms = tuple(form for text in private for form in (text, repr(text)[1:-1]))
        free = {"time", "level", "logger", "job"}
        return {
            name: value if name in free else _without(value, forms) for name, value in line.items()
        }


def _without(value: object, hidden: tuple[str, ...]) -> object:
    if isinstance(value, str):
        for text in hidden:
            value = value.replace(text, HIDDEN)
        return value
    if isinstance(value, dict):
        return {name: _without(part, hidden) for name, part in value.items()}
    if isinstance(value, list):
        return [_without(part, hidden) for part in value]
    return value


def _in_order(_logger: WrappedLogger, _name: str, line: EventDict) -> EventDict:
    return {**{name: line[name] for name in _FIRST if name in line}, **line}
