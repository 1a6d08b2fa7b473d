"""A real server process whose address space is limited while it works."""

from __future__ import annotations

import resource
from pathlib import Path

import psutil
import pytest

from scumble_protocol.client import Result
from scumble_protocol.errors import ErrorCode
from scumble_protocol.messages import Failed
from tests.end_to_end.server_process import TINY, painter, regenerate, running_server
from tests.server.models.checkpoints import make_folder

pytestmark = [
    pytest.mark.timeout(1200),
    pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="limits of another process: Linux"),
]

ROOM = 24 * 2**20
"""Bytes that the process may still take: for messages, but not for four pictures of 128 pixels."""


def test_a_server_without_memory_says_so_and_does_the_next_job_as_ever(tmp_path: Path) -> None:
    make_folder(tmp_path / "state" / "models" / TINY)
    with running_server(tmp_path / "state", "--model", TINY, "--device", "cpu") as server:
        pid = server.process.pid
        with painter(tmp_path / "state") as ann:
            before = ann.result(ann.submit(*regenerate(seed=5))).blobs
            free = resource.prlimit(pid, resource.RLIMIT_AS)
            taken = psutil.Process(pid).memory_info().vms
            resource.prlimit(pid, resource.RLIMIT_AS, (taken + ROOM, free[1]))
            hungry = ann.submit(*regenerate(side=1024, count=8, batch=8, hires=0.5, seed=6))
            end = ann.end_of(hungry)
            resource.prlimit(pid, resource.RLIMIT_AS, free)
            if isinstance(end, Result):
                assert any("memory" in note for note in end.finished.notes)
            else:
                assert isinstance(end, Failed)
                assert end.code is ErrorCode.OUT_OF_MEMORY, end
            assert ann.result(ann.submit(*regenerate(seed=5))).blobs == before
            assert server.process.poll() is None
