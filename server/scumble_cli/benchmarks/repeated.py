"""A request whose picture and prompt were seen before: what is not done again."""

from __future__ import annotations

import dataclasses
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from scumble_cli.benchmarks.figure import Figure, Finding, in_turns
from scumble_cli.benchmarks.in_process import InProcess
from scumble_cli.benchmarks.samples import regeneration
from scumble_server.models.catalog import STARTER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scumble_protocol.requests import Regenerate

SIDE = 256


def repeated_request(rounds: int) -> list[Finding]:
    """The time of the encoding phase anew and again, and how often each encoder runs again."""
    here = InProcess()
    here.run(*_request(0))

    def anew(number: int) -> float:
        request, blobs = _request(1 + number)
        return here.run(request, blobs).times["encoding"]

    def again(number: int) -> float:
        request, blobs = _request(1 + number)
        other = dataclasses.replace(request, seed=request.seed + 5000)
        with _counted(here) as runs:
            spent = here.run(other, blobs).times["encoding"]
        counts.update(runs)
        return spent

    counts: Counter[str] = Counter()
    first, second = in_turns(rounds, anew, again)
    return [
        second.over(first, "encoding, seen before over new"),
        first.figure("encoding a new picture and prompt at 256²", "ms", times=1000),
        second.figure("encoding what was seen before", "ms", times=1000),
        Figure("runs of the text encoder for a prompt seen before", counts["text"], "", goal=0),
        Figure(
            "runs of the VAE's encoder for a picture seen before", counts["picture"], "", goal=0
        ),
    ]


def _request(number: int) -> tuple[Regenerate, dict[str, bytes]]:
    """Other pixels and another prompt for each number."""
    request, blobs = regeneration(SIDE, number, model=STARTER, strength=0.6, steps=2)
    return dataclasses.replace(request, prompt=f"{request.prompt}, number {number}"), blobs


@contextmanager
def _counted(here: InProcess) -> Iterator[Counter[str]]:
    """Counts how often the encoders of the model run meanwhile."""
    runs: Counter[str] = Counter()

    def counting(name: str) -> Any:
        def count(*_: object) -> None:
            runs[name] += 1

        return count

    parts = {"text": here.model.pipeline.text_encoder, "picture": here.model.vae.encoder}
    hooks = [part.register_forward_hook(counting(name)) for name, part in parts.items()]
    try:
        yield runs
    finally:
        for hook in hooks:
            hook.remove()
