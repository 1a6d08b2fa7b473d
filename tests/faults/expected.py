"""What a server makes of a request when nothing happens to it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.end_to_end.server_process import painter
from tests.faults.servers import serving

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from scumble_protocol.client import Result
    from scumble_protocol.messages import ResultLayer
    from scumble_protocol.requests import Regenerate


class Undisturbed:
    """Does requests on a server of its own, each of them once.

    Args:
        state: The state folder of that server.
    """

    def __init__(self, state: Path) -> None:
        self._state = state
        self._made: dict[Regenerate, Result] = {}

    def learn(self, *asked: tuple[Regenerate, Mapping[str, bytes]]) -> None:
        """Have these made, if they are not."""
        missing = [(request, blobs) for request, blobs in asked if request not in self._made]
        if not missing:
            return
        with serving(self._state), painter(self._state) as ann:
            jobs = {request: ann.submit(request, blobs) for request, blobs in missing}
            for request, job in jobs.items():
                self._made[request] = ann.result(job)
                ann.client.acknowledge(job)

    def layers(self, request: Regenerate) -> tuple[ResultLayer, ...]:
        """The layers; their blobs' names are the hashes of their bytes."""
        return self._made[request].finished.layers

    def check(self, result: Result) -> None:
        """That this is what it shall be, to the byte."""
        right = self._made[result.finished.request]  # type: ignore[index]
        assert result.finished.layers == right.finished.layers
        assert result.blobs == right.blobs
        assert result.finished == replace(
            right.finished,
            job=result.job,
            number=result.finished.number,
            times=result.finished.times,
        )
