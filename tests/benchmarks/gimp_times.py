"""How long GIMP's plug-in takes around the server's work: reading a picture and placing a result.

`python -m tests.benchmarks.gimp_times` starts both GIMPs without a window and a real server, and
prints milliseconds, the least and the median of several rounds; with `--json` figures for
`scumble bench --suite editor`. "Read" is from the painter's OK until the job is handed to the
client's thread, "placed" is building and inserting layer and mask, and "around" is a whole job
without the phases that the server itself tells of: it has the wire in it, both ways.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from scumble_cli.benchmarks.figure import Figure, Times
from scumble_installer.debian import gimp_roots
from scumble_installer.look import cache_folder
from tests.benchmarks.telling import tell
from tests.end_to_end.editors.gimp import Gimp
from tests.end_to_end.gimp.desk import Desk
from tests.end_to_end.server_process import running_server

if TYPE_CHECKING:
    from collections.abc import Iterator

ROUNDS: Final = 3

MEASURE: Final = """
import time
from scumble_gimp.line import Line
draft = importlib.import_module("scumble_gimp._vendor.scumble_protocol.editor.draft")
studio = importlib.import_module("scumble_gimp._vendor.scumble_protocol.editor.studio")
settings = importlib.import_module("scumble_gimp._vendor.scumble_protocol.editor.settings")
endpoint = importlib.import_module("scumble_gimp._vendor.scumble_protocol.endpoint")

def job(canvas, line):
    began = time.perf_counter()
    line.studio.regenerate(settings.Settings(prompt="grass", steps=2, strength=1.0))
    read = time.perf_counter() - began
    placed = 0.0
    while True:
        start, was_placing = time.perf_counter(), line.studio.is_placing
        events = line.hear()
        placed += time.perf_counter() - start if was_placing else 0.0
        for event in events:
            if isinstance(event, studio.Applied):
                whole = time.perf_counter() - began
                server = sum(phase.seconds for phase in event.finished.times)
                return [read, placed, whole - server]
            assert not isinstance(event, (studio.JobFailed, studio.Unplaced)), event

result = {}
for side in sides:
    found = []
    for number in range(rounds):
        image, base = picture(side, side, seed=number)
        canvas = scumble(image, base)
        with Line(endpoint.state_folder(), canvas) as line:
            line.reach(lambda: None, may_start=False)
            found.append(job(canvas, line))
        image.delete()
    result[side] = [[1000 * spent for spent in times] for times in found]
"""


def figures() -> Iterator[Figure]:
    """Measure both GIMPs, from small to large."""
    with tempfile.TemporaryDirectory() as folder:
        for root in gimp_roots(cache_folder()):
            work = Path(folder) / root.gimp
            work.mkdir()
            desk = Desk.furnish(Gimp(root.gimp, root.folder, work))
            with running_server(desk.state):
                told = desk.run(MEASURE, sides=(1024, 2048, 4096), rounds=ROUNDS)
            for side, rounds in told.items():
                yield from _of_side(f"GIMP {desk.gimp.version}", f"{side}²", rounds)


def _of_side(program: str, side: str, rounds: list[list[float]]) -> Iterator[Figure]:
    for name, values in zip(("read", "placed", "around"), zip(*rounds, strict=True), strict=True):
        yield Times(values).figure(f"{program}, {name}, {side}", "ms")


if __name__ == "__main__":
    tell(figures())
