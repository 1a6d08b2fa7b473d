"""A server to which something happens at named points of its life.

    python -m tests.faults.server_with_faults --state DIR --fault kill@journal.accept:after

`--fault` may come more than once; `points.py` names the points and `fault.py` the actions. Without
any, it is the server as it is.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.faults import clock

clock.install()  # before the server is imported, which takes the clock that it finds

from scumble_protocol.errors import ScumbleError  # noqa: E402
from scumble_server.app import serve  # noqa: E402
from scumble_server.config import ServerConfig  # noqa: E402
from tests.faults.fault import Fate, Fault  # noqa: E402
from tests.faults.points import instrument  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from scumble_protocol.endpoint import Endpoint


def run(
    state: Path, faults: Sequence[str], settings: Mapping[str, Any], clock_wrong: float = 0.0
) -> int:
    """Serve until SIGTERM, or until something happens; the exit code.

    Args:
        state: The state folder.
        faults: What happens, as `Fault.parse` reads it.
        settings: Further values of `ServerConfig`.
        clock_wrong: Seconds that its wall clock is ahead.
    """
    clock.CLOCK.wrong = clock_wrong
    instrument(Fate([Fault.parse(fault) for fault in faults], state).reached)
    try:
        serve(ServerConfig(state, device="cpu", **settings), _announce)
    except ScumbleError as error:
        print(f"scumble: {error}", file=sys.stderr, flush=True)  # noqa: T201
        return 1
    return 0


def run_forked(words: Path, *arguments: Any) -> None:
    """As `run`, in a process that was forked; what it says goes to the end of a file."""
    with words.open("ab") as said:
        os.dup2(said.fileno(), 1)
        os.dup2(said.fileno(), 2)
    tempfile.tempdir = str(words.with_suffix(""))  # so that a test can see what is left there
    Path(tempfile.tempdir).mkdir(exist_ok=True)
    sys.stdout = sys.stderr = os.fdopen(2, "w", buffering=1, closefd=False)
    code = run(*arguments)
    sys.stderr.flush()
    os._exit(code)


def _announce(endpoint: Endpoint) -> None:
    print(f"Listens on {endpoint.url}", flush=True)  # noqa: T201


def main() -> int:
    """The program."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--fault", action="append", default=[])
    parser.add_argument("--settings", type=json.loads, default={}, metavar="JSON")
    parser.add_argument("--clock-wrong", type=float, default=0.0, metavar="SECONDS")
    arguments = parser.parse_args()
    return run(arguments.state, arguments.fault, arguments.settings, arguments.clock_wrong)


if __name__ == "__main__":
    sys.exit(main())
