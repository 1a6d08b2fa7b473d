"""Reads files in a process of its own that can have only so much more memory, and so much time."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from tests.timing import MS

SECONDS = 120_000 * MS
TAKEN = "taken"

_READING = """
import json, resource, sys
from pathlib import Path
{imports}
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
most = used + {megabytes} * 2**20
resource.setrlimit(resource.RLIMIT_AS, (most, most))
from scumble_protocol.errors import ScumbleError
ends = {{}}
for name in sys.argv[1:]:
    path = Path(name)
    try:
        {call}
    except ScumbleError as error:
        ends[path.name] = f"{{error.code.value}}: {{error}}"
    else:
        ends[path.name] = "taken"
print(json.dumps(ends))
"""


def ends_of(
    imports: str, call: str, files: Iterable[Path], *, megabytes: int = 256
) -> dict[str, str]:
    """What became of files, by their names: `TAKEN`, or the error's code and sentence.

    Args:
        imports: A line that imports what the call needs, outside of the bound.
        call: An expression that reads `path`.
        files: The files.
        megabytes: What reading may take in addition.

    Raises:
        AssertionError: Something else than our error came out of one.
    """
    code = _READING.format(imports=imports, call=call, megabytes=megabytes)
    ended = subprocess.run(
        (sys.executable, "-c", code, *map(str, files)),
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr[-3000:]
    ends: dict[str, str] = json.loads(ended.stdout)
    return ends


def assert_each_is_one_sentence(ends: dict[str, str]) -> None:
    """Every file was refused, for what is in it and not since the memory ran out."""
    assert ends
    for name, end in ends.items():
        assert end != TAKEN, name
        assert not {"alloc", "memory", "Memory"} & set(end.replace(".", " ").split()), (name, end)
        assert "allocate" not in end, (name, end)
        assert len(end) < 1000, (name, end)
