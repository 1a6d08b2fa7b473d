"""The `scumble` program: reads the command line, runs one command, turns errors into sentences."""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
from typing import TYPE_CHECKING

from scumble_cli.arguments import parse
from scumble_protocol.errors import ScumbleError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType

FAILURE = 1
INTERRUPTED = 130
"""128 + SIGINT, as shells report a program that Ctrl-C ended."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command: 0 when done, 1 when it failed, 2 for wrong usage, 130 after Ctrl-C."""
    argv = sys.argv[1:] if argv is None else argv
    try:
        arguments = parse(argv)
        _end_like_ctrl_c()
        # The command's module is imported only now, so that `--help` costs milliseconds.
        command = importlib.import_module(f"scumble_cli.commands.{arguments.command}")
        return int(command.run(arguments))
    except ScumbleError as error:
        _tell(error, as_json="--json" in argv)
        return FAILURE
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read what we print has seen enough, for instance `head`. Python must not try again
        # when it ends (https://docs.python.org/3/library/signal.html#note-on-sigpipe).
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILURE


def _tell(error: ScumbleError, *, as_json: bool) -> None:
    print(f"scumble: {error}", file=sys.stderr)
    if as_json:
        fields = {"code": error.code.value, "message": error.message, "hint": error.hint}
        print(json.dumps({"error": fields}))


def _end_like_ctrl_c() -> None:
    """Let `kill` or a closed terminal cancel the job and end the server that a command started."""
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), _interrupt)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
