"""Machine code on a GPU, recorded once: its hundreds of launches become one (CUDA graphs)."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import torch

from scumble_server.models.shortage import is_out_of_memory

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scumble_server.compiling.code import Code

    Record = Callable[[Callable[[], list[torch.Tensor]]], "Recording"]

_log = logging.getLogger(__name__)


class Recording(NamedTuple):
    """Something that was run and can be repeated."""

    replay: Callable[[], None]
    """Repeats it, on what now lies where it read."""
    made: list[torch.Tensor]
    """Where its results lie."""
    bytes: int
    """The memory that it keeps on the device."""


class Replayed:
    """Code that runs plainly at first, and as a recording from its second run on.

    A recording reads and writes where it did when it was made. So what it reads is copied there,
    and what it gives is copied from there. Where nothing can be recorded, the code runs plainly.

    Args:
        code: The code.
        record: Runs something while it is recorded; gives what repeats it, and what was made.
    """

    def __init__(self, code: Code, record: Record) -> None:
        self._code = code
        self._record = record
        self._runs = 0
        self._read: list[torch.Tensor] = []
        self._recording: Recording | None = None
        self._can_record = True

    @property
    def bytes(self) -> int:
        """The memory that it takes, with that of the recording."""
        return self._code.bytes + (self._recording.bytes if self._recording else 0)

    def __call__(self, row: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        """What the code makes of a row."""
        self._runs += 1
        if self._recording is None and self._runs > 1 and self._can_record:
            self._try_to_record(row)
        if self._recording is None:
            return self._code(row)
        for kept, tensor in zip(self._read, row, strict=True):
            kept.copy_(tensor)
        self._recording.replay()
        return [made.clone() for made in self._recording.made]

    def _try_to_record(self, row: Sequence[torch.Tensor]) -> None:
        self._read = [tensor.clone() for tensor in row]
        try:
            self._recording = self._record(lambda: self._code(self._read))
        except RuntimeError as error:
            self._read = []
            if is_out_of_memory(error):
                raise
            self._can_record = False
            _log.warning("Compiled code runs without a CUDA graph: %s", error)


def cuda_recorder() -> Record:
    """What records on a GPU; recordings of the same recorder share their memory.

    They may: none runs beside another, and nothing is left there that a later one could need.
    """
    pool = torch.cuda.graph_pool_handle()

    def record(run: Callable[[], list[torch.Tensor]]) -> Recording:
        graph = torch.cuda.CUDAGraph()
        before = torch.cuda.memory_reserved()
        # Other threads may ask the device something meanwhile.
        with torch.cuda.graph(graph, pool=pool, capture_error_mode="thread_local"):
            made = run()
        return Recording(graph.replay, made, max(torch.cuda.memory_reserved() - before, 0))

    return record
