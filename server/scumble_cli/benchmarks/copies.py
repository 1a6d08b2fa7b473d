"""How often a picture is copied on each hop of its way: what is allocated at most beside it."""

from __future__ import annotations

import tempfile
import tracemalloc
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING

from scumble_cli.benchmarks.figure import RATIO, Figure, Finding
from scumble_cli.benchmarks.samples import noise, regeneration
from scumble_cli.benchmarks.workbench import Workbench
from scumble_protocol.blobs import Assembler, blob_id, chunks
from scumble_protocol.geometry import Size
from scumble_protocol.messages import Encoding, Limits
from scumble_server.jobs.blobstore import BlobStore

if TYPE_CHECKING:
    from collections.abc import Callable

SIDE = 4096
ONCE = 1.1
"""A copy, and the few chunks that are under way."""

MOVING = 0.1
"""A hop that hands a picture on in chunks keeps no more than a few of them."""


def copies(rounds: int) -> list[Finding]:
    """The most that a hop allocates for a picture of 4096² (64 MiB), over the picture.

    The picture itself is there before and is not counted.
    """
    del rounds  # what is allocated does not depend on what else the machine does
    limits = Limits()
    picture = noise(Size(SIDE, SIDE), 0)
    name = blob_id(picture)

    def cut() -> None:
        for _ in chunks(name, picture, Encoding.RAW, limits.chunk_bytes):
            pass

    def assemble() -> None:
        arriving = Assembler(limits)
        arrived: deque[object] = deque(maxlen=1)
        for chunk in chunks(name, picture, Encoding.RAW, limits.chunk_bytes):
            arrived.append(arriving.add(chunk))

    with tempfile.TemporaryDirectory() as folder:
        store = BlobStore(Path(folder), budget=2**30, memory=2**30)
        stored = _allocated(lambda: store.put(name, picture))
        fresh = BlobStore(Path(folder), budget=2**30, memory=2**30)
        loaded = _allocated(lambda: fresh.get(name))
    size = len(picture)
    return [
        Figure("copies while a picture is sent", _allocated(cut) / size, RATIO, MOVING),
        Figure("copies while a picture arrives", _allocated(assemble) / size, RATIO, ONCE),
        Figure("copies while a picture is stored", stored / size, RATIO, MOVING),
        Figure("copies while a picture is read from disk", loaded / size, RATIO, ONCE),
        Figure("copies in the client, a whole job over its result", _of_client(), RATIO, ONCE),
    ]


def _of_client() -> float:
    """What a client allocates at most for a job of 4096² without a model, over what came back."""
    with Workbench() as bench:
        bench.run(*regeneration(64, 0, model="none", strength=0))
        request, blobs = regeneration(SIDE, 1, model="none", strength=0)
        came = 0

        def run() -> None:
            nonlocal came
            came = sum(len(data) for data in bench.run(request, blobs).blobs.values())

        return _allocated(run) / came


def _allocated(action: Callable[[], object]) -> int:
    """Bytes that an action has allocated at once, at most."""
    tracemalloc.start()
    try:
        tracemalloc.reset_peak()
        action()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
