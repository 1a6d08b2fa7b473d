"""Two sizes in turns on a compiled UNet: nothing may be compiled again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scumble_cli.benchmarks.figure import Figure, Finding, in_turns, seconds
from scumble_cli.benchmarks.gpu_models import unet_pipeline
from scumble_cli.benchmarks.gpu_pair import Asked, Four
from scumble_cli.benchmarks.gpu_scale import on_gpu

if TYPE_CHECKING:
    from collections.abc import Callable

    from scumble_cli.benchmarks.gpu_pair import Ours
    from scumble_cli.benchmarks.gpu_scale import Scale

STEPS = 4
CFG = 7.0
SIDES = (1024, 1536)


@on_gpu("two sizes in turns on a GPU")
def sizes(rounds: int, scale: Scale) -> list[Finding]:
    """SDXL at 1024² and 1536² in turns: how often torch compiles again, and what a job takes."""
    ours, _ = Four(unet_pipeline("sdxl", scale), scale).compiled()
    jobs = [Asked(scale.side(side), scale.steps(STEPS), CFG) for side in SIDES]
    first = [_timed(ours, job)(0) for job in jobs]
    for job in jobs:
        ours.run(job, 1)
    before = _graphs()
    small, large = in_turns(rounds, *(_timed(ours, job, 2) for job in jobs))
    name = "SDXL (random weights), 4 steps with CFG, compiled"
    return [
        Figure("graphs compiled while two sizes took turns", _graphs() - before, "", goal=0),
        small.figure(f"{name}, 1024² after 1536²", "s"),
        large.figure(f"{name}, 1536² after 1024²", "s"),
        *(
            Figure(f"{name}, {side}², the first job", spent, "s")
            for side, spent in zip(SIDES, first, strict=True)
        ),
    ]


def _timed(ours: Ours, job: Asked, first: int = 0) -> Callable[[int], float]:
    return lambda number: seconds(lambda: ours.run(job, first + number))


def _graphs() -> int:
    """How many graphs torch has compiled in this process."""
    from torch._dynamo.utils import counters

    return int(counters["stats"]["unique_graphs"])
