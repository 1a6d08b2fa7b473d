"""`scumble logs`: what the server did, for people."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING

from scumble_cli.log_lines import LEVELS, LogLine, LogReader, shown
from scumble_cli.terminal import say
from scumble_protocol.endpoint import state_folder

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterable

POLL_SECONDS = 0.2
USUAL_LINES = 200


def run(arguments: Namespace) -> int:
    """Print the lines that were asked for; with `--follow` until Ctrl-C."""
    reader = LogReader(state_folder())
    most = arguments.lines
    if most is None and not arguments.job:
        most = USUAL_LINES
    _say(deque(_wanted(reader.lines(), arguments), most))
    try:
        while arguments.follow:
            _say(_wanted(reader.lines(), arguments))
            time.sleep(POLL_SECONDS)
    except KeyboardInterrupt:  # the ordinary way to end it
        pass
    return 0


def _say(lines: Iterable[LogLine]) -> None:
    for line in lines:
        say(shown(line))


def _wanted(lines: Iterable[LogLine], arguments: Namespace) -> Iterable[LogLine]:
    least = LEVELS[arguments.level] if arguments.level else 0
    job = arguments.job or ""
    return (line for line in lines if line.level >= least and line.job.startswith(job))
